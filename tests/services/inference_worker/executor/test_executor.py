"""The executor on real children: answers, failures, ends."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from common.errors import ModelError
from common.models.bundle import load_bundle
from common.models.golden import encode_array
from common.models.kinds import load_predictor
from services.inference_worker.executor.channel import Channel
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.executor.exchange import Answer, Failed, Ready, Scored, encode_message
from services.inference_worker.executor.executor import Executor
from tests.common.models.sample_bundle import NAMES, make_bundle, saved
from tests.services.inference_worker.children import LIMIT_S, next_message, readable, ready, running

pytestmark = pytest.mark.e2e


def _features(symbols: int, seed: int = 1) -> NDArray[np.float64]:
    return np.random.default_rng(seed).standard_normal((len(NAMES), symbols))


def _expected(bundle: Path, features: NDArray[np.float64]) -> NDArray[np.float64]:
    return load_predictor(load_bundle(bundle)).predict(features)


def test_it_says_which_model_is_ready(bundle: Path) -> None:
    """Name, kind, digest and the order of the features come from the verified bundle."""
    with running(bundle) as executor:
        assert next_message(executor) == Ready("demo", "lightgbm", bundle.name, NAMES, scorer="trees")


def test_answers_have_the_bits_of_a_direct_call(bundle: Path) -> None:
    """For growing and shrinking sections, each answer with its own id."""
    with ready(bundle) as executor:
        for bar, symbols in enumerate((1, 7, 500, 20_000, 3, 0)):
            features = _features(symbols, bar)
            number = executor.submit(features, bar=bar)
            answer = next_message(executor)
            assert isinstance(answer, Answer)
            assert answer.id == number == bar + 1
            np.testing.assert_array_equal(answer.values, _expected(bundle, features) if symbols else [])


def test_an_answer_is_the_parents_own_copy(bundle: Path) -> None:
    """The next section does not change an answer already given."""
    with ready(bundle) as executor:
        executor.submit(_features(5, 1), bar=1)
        first = next_message(executor)
        executor.submit(_features(5, 2), bar=2)
        next_message(executor)
    assert isinstance(first, Answer)
    np.testing.assert_array_equal(first.values, _expected(bundle, _features(5, 1)))


def test_features_may_lie_in_memory_as_they_like(bundle: Path) -> None:
    """Transposed and read-only arrays give the same answer."""
    features = np.asfortranarray(_features(9))
    features.flags.writeable = False
    with ready(bundle) as executor:
        executor.submit(features, bar=1)
        answer = next_message(executor)
    assert isinstance(answer, Answer)
    np.testing.assert_array_equal(answer.values, _expected(bundle, features))


def test_nothing_to_read_is_no_message(bundle: Path) -> None:
    """Receiving never waits."""
    with running(bundle) as executor:
        assert executor.receive() is None


def test_one_request_at_a_time(bundle: Path, tmp_path: Path) -> None:
    """A second section would overwrite the first under the child's hands."""
    with ready(bundle, fault=_plan(tmp_path, "sleep")) as executor:
        executor.submit(_features(2), bar=7)
        with pytest.raises(ModelError, match="still out"):
            executor.submit(_features(2), bar=8)


def test_children_that_share_their_ids_never_repeat_one(bundle: Path) -> None:
    """An answer of the one is never taken for the other's."""
    ids = count(41)
    with ready(bundle, ids=ids) as first, ready(bundle, ids=ids) as second:
        assert [it.submit(_features(2), bar=1) for it in (first, second)] == [41, 42]


def test_an_answer_to_something_else_is_dropped(bundle: Path, tmp_path: Path) -> None:
    """Only the open request's id is taken."""
    with ready(bundle, fault=_plan(tmp_path, "sleep")) as executor:
        executor.submit(_features(2), bar=7)
        old, theirs = _intercept(executor)
        with theirs:
            theirs.send(encode_message(Scored(99, 2)))
            theirs.send(encode_message(Scored(1, 2)))
            answer = next_message(executor)
        old.close()
    assert isinstance(answer, Answer)
    assert answer.id == 1


@pytest.mark.parametrize(
    "body",
    [b"x", b"\xc1", encode_message(Scored(1, 2))[:-1], b"\x92\xa6scored\x80", b"\x92\xa5bogus\x80", b"\x01" * 9],
)
def test_an_unreadable_message_is_an_invalid_answer(bundle: Path, tmp_path: Path, body: bytes) -> None:
    """Whatever a child gone mad sends, the parent gets a failure to act on."""
    with ready(bundle, fault=_plan(tmp_path, "sleep")) as executor:
        executor.submit(_features(2), bar=7)
        old, theirs = _intercept(executor)
        with theirs:
            theirs.send(body)
            failed = next_message(executor)
        old.close()
    assert isinstance(failed, Failed)
    assert (failed.id, failed.cause) == (1, "invalid")


@pytest.mark.parametrize("action", ["sleep", "spin", "deadlock"])
def test_a_hanging_child_is_killed_and_replaced(bundle: Path, tmp_path: Path, action: str) -> None:
    """SIGKILL ends any hang, and the next child answers the same bar at its second attempt."""
    plan = _plan(tmp_path, action)
    with ready(bundle, fault=plan) as hanging:
        hanging.submit(_features(4), bar=7)
        assert not readable(hanging.fileno(), 0.05)
        pid = hanging.pid
        assert hanging.kill(LIMIT_S)
        assert not Path(f"/proc/{pid}").exists()
        with ready(bundle, fault=plan) as fresh:
            fresh.submit(_features(4), bar=7, attempt=2)
            assert isinstance(next_message(fresh), Answer)


@pytest.mark.parametrize(
    ("action", "told"),
    [("segfault", "killed by SIGSEGV"), ("abort", "killed by SIGABRT"), ("exit", "exited with status 3")],
)
def test_a_crash_is_seen_through_the_exit_descriptor(bundle: Path, tmp_path: Path, action: str, told: str) -> None:
    """The pidfd becomes readable, the way it ended is readable, and the request is failed as a crash, once."""
    with ready(bundle, fault=_plan(tmp_path, action)) as executor:
        assert executor.how_it_ended() is None
        executor.submit(_features(4), bar=7)
        assert readable(executor.exit_fd())
        assert executor.how_it_ended() == told
        failed = next_message(executor)
        assert isinstance(failed, Failed)
        assert (failed.id, failed.cause) == (1, "crash")
        assert executor.receive() is None


def test_a_request_to_a_dead_child_raises_nothing(bundle: Path) -> None:
    """Its end is told by receive and by the exit descriptor."""
    with ready(bundle) as executor:
        os.kill(executor.pid, signal.SIGKILL)
        assert readable(executor.exit_fd())
        assert executor.submit(_features(4), bar=1) == 1
        failed = next_message(executor)
    assert isinstance(failed, Failed)
    assert (failed.id, failed.cause) == (1, "crash")


def test_an_exception_in_the_model_is_told_and_survived(bundle: Path, tmp_path: Path) -> None:
    """The child goes on; whether it is kept is the parent's affair."""
    with ready(bundle, fault=_plan(tmp_path, "raise")) as executor:
        executor.submit(_features(4), bar=7)
        failed = next_message(executor)
        assert failed == Failed(1, "crash", "RuntimeError: raised on purpose by a fault plan")
        executor.submit(_features(4), bar=8)
        assert isinstance(next_message(executor), Answer)


def test_a_child_that_takes_too_much_memory_fails_alone(bundle: Path, tmp_path: Path) -> None:
    """Its limit is met by an error in the child, which is told; the machine's memory is never touched."""
    with ready(bundle, fault=_plan(tmp_path, "memory"), memory_mb=2048) as executor:
        executor.submit(_features(4), bar=7)
        failed = next_message(executor)
    assert isinstance(failed, Failed)
    assert (failed.id, failed.cause, failed.reason) == (1, "crash", "MemoryError: ")


def test_a_child_too_small_for_its_bundle_is_refused(bundle: Path) -> None:
    """It says so, or dies of it; it is never ready."""
    with running(bundle, memory_mb=16) as executor:
        failed = next_message(executor)
    assert isinstance(failed, Failed)
    assert failed.cause == "load"


def test_a_drill_never_takes_the_machines_memory(bundle: Path, tmp_path: Path) -> None:
    """Without a limit the fault is refused."""
    with ready(bundle, fault=_plan(tmp_path, "memory")) as executor:
        executor.submit(_features(4), bar=7)
        failed = next_message(executor)
    assert isinstance(failed, Failed)
    assert "memory_mb" in failed.reason


def test_the_kernel_would_take_the_child_first(bundle: Path) -> None:
    """Where the machine's memory ends, the worker is not the one that goes."""
    with ready(bundle) as executor:
        score = int(Path(f"/proc/{executor.pid}/oom_score_adj").read_text())
    assert score > int(Path("/proc/self/oom_score_adj").read_text())


def test_an_abandoned_child_is_reaped_by_and_by(bundle: Path, tmp_path: Path) -> None:
    """Nobody waits for it, it is gone all the same, and nothing of it stays."""
    dying = Dying()
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208  names, not paths
    with ready(bundle, fault=_plan(tmp_path, "spin")) as executor:
        executor.submit(_features(2), bar=7)
        pid = executor.pid
        executor.abandon(dying)
        executor.abandon(dying)
        assert dying.reap(LIMIT_S)
    assert not Path(f"/proc/{pid}").exists()
    assert dying.handles() == []
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  names, not paths


@pytest.mark.parametrize("action", ["short", "long"])
def test_a_wrong_number_of_values_is_invalid(bundle: Path, tmp_path: Path, action: str) -> None:
    """The parent counts, and reads nothing."""
    with ready(bundle, fault=_plan(tmp_path, action)) as executor:
        executor.submit(_features(4), bar=7)
        failed = next_message(executor)
    assert isinstance(failed, Failed)
    assert (failed.id, failed.cause) == (1, "invalid")
    assert "for 4 symbols" in failed.reason


def test_a_model_that_answers_nan_is_handed_on_as_it_is(bundle: Path, tmp_path: Path) -> None:
    """Judging values is the worker's affair."""
    with ready(bundle, fault=_plan(tmp_path, "nan")) as executor:
        executor.submit(_features(4), bar=7)
        answer = next_message(executor)
    assert isinstance(answer, Answer)
    assert np.isnan(answer.values).all()


def test_a_late_answer_comes_when_it_comes(bundle: Path, tmp_path: Path) -> None:
    """It waits for the plan's path to appear, and then has the right values."""
    gate = tmp_path / "gate"
    with ready(bundle, fault=_plan(tmp_path, "late", until=str(gate))) as executor:
        executor.submit(_features(4), bar=7)
        assert not readable(executor.fileno(), 0.05)
        gate.touch()
        answer = next_message(executor)
    assert isinstance(answer, Answer)
    np.testing.assert_array_equal(answer.values, _expected(bundle, _features(4)))


def test_the_wrong_number_of_features_is_told(bundle: Path) -> None:
    """A section with other features fails; it is never scored as something else."""
    wrong = (np.zeros((2, 4)), np.zeros(3), np.zeros((3, 4, 1)), np.zeros((4, 3)))
    with ready(bundle) as executor:
        for features in wrong:
            with pytest.raises(ModelError, match="takes 3 features"):
                executor.submit(features, bar=1)
        assert executor.submit(_features(2), bar=1) == 1


def test_a_request_before_ready_is_refused(bundle: Path) -> None:
    """Until then nobody knows what the child would score with."""
    with running(bundle) as executor, pytest.raises(ModelError, match="not ready"):
        executor.submit(_features(4), bar=1)


def test_a_corrupt_bundle_is_never_served(bundle: Path, tmp_path: Path) -> None:
    """The child says why and ends with status 1."""
    copy = Path(shutil.copytree(bundle, tmp_path / bundle.name))
    (copy / "model.txt").write_bytes((copy / "model.txt").read_bytes()[:-1])
    _assert_refused(copy, "model.txt")


def test_other_golden_answers_are_never_served(tmp_path: Path) -> None:
    """A bundle that is whole but whose model answers otherwise is refused."""
    true = make_bundle()
    false = {**true.files, "golden_outputs.npy": encode_array(true.golden().outputs + 2**-40)}
    _assert_refused(saved(tmp_path, type(true).make(true.manifest, false)), "golden outputs differ")


def test_other_features_are_never_served(tmp_path: Path) -> None:
    """The model's own feature names must be those of the manifest."""
    true = make_bundle()
    renamed = make_bundle(features=("alpha", "gamma", "beta"))
    _assert_refused(saved(tmp_path, type(true).make(renamed.manifest, true.files)), "has features")


def test_an_unknown_kind_is_never_served(tmp_path: Path) -> None:
    """The error names the kinds there are."""
    _assert_refused(saved(tmp_path, make_bundle(kind="lightgmb")), "did you mean 'lightgbm'")


def test_a_crash_while_loading_is_a_load_failure(bundle: Path, tmp_path: Path) -> None:
    """A child that dies before it is ready never was; the plan spares the second start."""
    plan = tmp_path / "plan.toml"
    plan.write_text('[[fault]]\naction = "segfault"\nstarts = [1]\n')
    with running(bundle, fault=plan) as executor:
        assert next_message(executor) == Failed(0, "load", "the child closed its socket")
        assert readable(executor.exit_fd())
        assert executor.how_it_ended() == "killed by SIGSEGV"
    with running(bundle, fault=plan, attempt=2) as second:
        assert isinstance(next_message(second), Ready)


def test_a_broken_fault_plan_is_told(bundle: Path, tmp_path: Path) -> None:
    """A drill that does not do what it says must not pass for one that does."""
    plan = tmp_path / "plan.toml"
    plan.write_text('[[fault]]\naction = "explode"\nbars = [1]\n')
    with running(bundle, fault=plan) as executor:
        failed = next_message(executor)
    assert isinstance(failed, Failed)
    assert failed.cause == "load"
    assert "action must be one of" in failed.reason


def test_stop_lets_the_child_end_by_itself(bundle: Path) -> None:
    """Its socket closes, it ends with status 0, and nothing is left."""
    executor = Executor.start(bundle, environment=os.environ)
    assert isinstance(next_message(executor), Ready)
    pid = executor.pid
    assert executor.stop(LIMIT_S)
    assert not Path(f"/proc/{pid}").exists()
    assert executor.stop()
    assert executor.kill()


def test_stop_ends_a_hanging_child_too(bundle: Path, tmp_path: Path) -> None:
    """After its grace it is killed."""
    with ready(bundle, fault=_plan(tmp_path, "spin")) as executor:
        executor.submit(_features(2), bar=7)
        pid = executor.pid
        assert executor.stop(0.05)
        assert not Path(f"/proc/{pid}").exists()


def test_kill_takes_the_whole_group(bundle: Path) -> None:
    """The child leads a session of its own, so what it started dies with it and the parent does not."""
    with ready(bundle) as executor:
        assert os.getpgid(executor.pid) == os.getsid(executor.pid) == executor.pid
        assert os.getpgid(0) != executor.pid


@pytest.mark.long
def test_no_descriptor_stays_over_twenty_children(bundle: Path) -> None:
    """Every socket, memory file and pidfd is closed."""
    with ready(bundle):
        pass
    before = set(os.listdir("/proc/self/fd"))  # noqa: PTH208  names, not paths
    for _ in range(20):
        with ready(bundle) as executor:
            executor.submit(_features(3), bar=1)
            assert isinstance(next_message(executor), Answer)
    assert set(os.listdir("/proc/self/fd")) == before  # noqa: PTH208  names, not paths


def test_the_child_inherits_two_descriptors_and_no_more(bundle: Path) -> None:
    """Standard streams, its socket and its memory; nothing of the parent's, nothing of another child's."""
    with ready(bundle) as first, ready(bundle) as second:
        for executor in (first, second):
            links = [str(path.readlink()) for path in Path(f"/proc/{executor.pid}/fd").iterdir()]
            assert sum(link.startswith("socket:") for link in links) == 1
            assert sum(link.startswith("/memfd:") for link in links) == 1


def test_no_native_learning_library_in_the_parent() -> None:
    """Importing the parent's side loads neither models nor tables nor compilers."""
    code = (
        "import sys; import services.inference_worker.executor.executor, common.models.registry;"
        "sys.exit(' '.join(n for n in ('lightgbm', 'torch', 'polars', 'numba', 'sklearn') if n in sys.modules) or 0)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _plan(folder: Path, action: str, *, until: str | None = None) -> Path:
    path = folder / "plan.toml"
    gate = f"until = {until!r}\n" if until else ""
    path.write_text(f'[[fault]]\naction = "{action}"\nbars = [7]\n{gate}')
    return path


def _intercept(executor: Executor) -> tuple[Channel, socket.socket]:
    """Put a socket of ours in the child's place; the old one and our end must be closed."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    old, executor._channel = executor._channel, Channel(ours)
    return old, theirs


def _assert_refused(folder: Path, told: str) -> None:
    with running(folder) as executor:
        failed = next_message(executor)
        assert isinstance(failed, Failed)
        assert (failed.id, failed.cause) == (0, "load")
        assert told in failed.reason
        assert readable(executor.exit_fd())
        assert executor.how_it_ended() == "exited with status 1"
