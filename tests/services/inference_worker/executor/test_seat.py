"""A seat with real children: one scores, one is in reserve, with a back-off on the clock that is handed in."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from alphabus.errors import UniverseError
from alphabus.messages import Factors, Reason
from alphabus.sockets import wait_on
from alphabus.testing import ManualClock
from common.errors import ModelError
from common.restarts import SECOND
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.executor.exchange import Answer, Failed, Ready
from services.inference_worker.executor.executor import Executor
from services.inference_worker.executor.happenings import REASONS, Happened, Spare
from services.inference_worker.executor.launch import Launch
from services.inference_worker.executor.schedule import LOAD_NS
from services.inference_worker.executor.seat import Seat
from tests.common.models.sample_bundle import NAMES
from tests.services.inference_worker.children import LIMIT_S
from tests.services.inference_worker.scene import SYMBOLS, make_factors

LIMIT_NS = 60 * SECOND


@contextmanager
def seat(
    bundle: Path, clock: ManualClock, faults: str = "", folder: Path | None = None, *, spare: bool = False
) -> Iterator[Seat]:
    """A seat that leaves no child behind."""
    plan = None
    if folder is not None:
        plan = folder / "faults.toml"
        plan.write_text(faults, encoding="ascii")
    dying = Dying()
    it = Seat(Launch(bundle, NAMES, dict(os.environ), lambda _digest: SYMBOLS, faults=plan), clock, dying, spare=spare)
    try:
        yield it
    finally:
        pids = it.pids
        it.close()
        assert dying.reap(LIMIT_S)
        assert (it.pid, it.pids, it.handles()) == (0, (), [])
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def happens(it: Seat) -> Happened:
    """What a child says next; waits for it."""
    while True:
        if happened := it.receive():
            assert len(happened) == 1
            return happened[0]
        wait_on(it.handles(), LIMIT_NS)


@contextmanager
def manned(bundle: Path, clock: ManualClock, faults: str = "", folder: Path | None = None) -> Iterator[Seat]:
    """A seat whose spare is ready, too."""
    with seat(bundle, clock, faults, folder, spare=True) as it:
        assert isinstance(happens(it), Ready)
        spare = happens(it)
        assert spare == Spare(it.pids[1])
        yield it


def section() -> Factors:
    """Factors with the features of the sample bundle."""
    factors = make_factors(5)
    marks = {name: factors.columns[name] for name in ("present", "member", "warm")}
    return replace(factors, columns=dict.fromkeys(NAMES, factors.columns["alpha"]) | marks)


def strike(action: str, times: int = 1) -> str:
    """A plan that strikes at the section's bar."""
    return f'[[fault]]\naction = "{action}"\nbars = [5]\ntimes = {times}\n'


def kill(pid: int) -> None:
    """SIGKILL, and wait until it shows."""
    descriptor = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    wait_on([descriptor], LIMIT_NS)
    os.close(descriptor)


def test_ready_then_answer(bundle: Path) -> None:
    """The child proves its bundle, then scores what it is handed: one value a symbol."""
    with seat(bundle, ManualClock()) as it:
        assert isinstance(happens(it), Ready)
        it.submit(section(), 1)
        answer = happens(it)
        assert isinstance(answer, Answer)
        assert answer.values.shape == (len(SYMBOLS),)
        assert it.wake_ns() is None


def test_a_killed_child_is_followed_after_the_back_off(bundle: Path) -> None:
    """Its end is told once; the next one starts when its time has come, not before, and knows nothing of the last."""
    clock = ManualClock()
    with seat(bundle, clock) as it:
        assert isinstance(happens(it), Ready)
        pid = it.pid
        kill(pid)
        failed = happens(it)
        assert isinstance(failed, Failed)
        assert REASONS[failed.cause] is Reason.CRASH
        assert it.replace() == pid
        assert (it.pid, it.handles(), it.receive(), it.wake_ns()) == (0, [], [], SECOND // 20)
        clock.advance(SECOND // 20)
        assert isinstance(happens(it), Ready)
        assert it.starts == 2


def test_each_failure_waits_longer(bundle: Path) -> None:
    """Up to the longest wait; the seat is never given up."""
    clock = ManualClock()
    waits = []
    with seat(bundle, clock) as it:
        for _ in range(9):
            it.receive()
            it.replace()
            wake = it.wake_ns()
            assert wake is not None
            waits.append(wake - clock.monotonic_ns())
            clock.advance(waits[-1])
    assert waits == [SECOND // 20 << number for number in range(7)] + [5 * SECOND] * 2


@pytest.mark.parametrize(
    ("action", "reason"), [("segfault", Reason.CRASH), ("raise", Reason.CRASH), ("short", Reason.INVALID)]
)
def test_what_a_failure_is_called(bundle: Path, tmp_path: Path, action: str, reason: Reason) -> None:
    """By what the child did."""
    with seat(bundle, ManualClock(), strike(action), tmp_path) as it:
        assert isinstance(happens(it), Ready)
        it.submit(section(), 1)
        failed = happens(it)
        assert isinstance(failed, Failed)
        assert REASONS[failed.cause] is reason


def test_a_bundle_that_cannot_be_served_is_a_crash(tmp_path: Path) -> None:
    """Told by the child with the reason, before it ever was ready."""
    with seat(tmp_path / ("0" * 64), ManualClock()) as it:
        failed = happens(it)
        assert isinstance(failed, Failed)
        assert (failed.cause, REASONS[failed.cause]) == ("load", Reason.CRASH)


def test_a_child_that_hangs_while_it_loads_is_given_up(bundle: Path, tmp_path: Path) -> None:
    """After a minute on the clock that is handed in."""
    clock = ManualClock()
    with seat(bundle, clock, '[[fault]]\naction = "sleep"\nstarts = [1]\n', tmp_path) as it:
        assert it.receive() == []
        clock.advance(LOAD_NS)
        assert happens(it) == Failed(0, "load", "not ready 60 s after its start")


@pytest.mark.parametrize("action", ["segfault", "spin", "nan"])
def test_the_spare_takes_over_at_once(bundle: Path, tmp_path: Path, action: str) -> None:
    """Whether the first crashed, was given up while it hung, or was replaced for what it said: no start in between."""
    clock = ManualClock()
    with manned(bundle, clock, strike(action), tmp_path) as it:
        active, spare = it.pids
        it.submit(section(), 1)
        if action != "spin":
            happens(it)
        assert it.replace() == active
        assert (it.pid, it.pids) == (spare, (spare,))
        assert it.wake_ns() == clock.monotonic_ns()
        assert isinstance(happens(it), Ready)
        it.submit(section(), 2)
        assert isinstance(happens(it), Answer)


def test_a_new_spare_follows_after_the_back_off(bundle: Path) -> None:
    """Meanwhile the promoted one serves alone."""
    clock = ManualClock()
    with manned(bundle, clock) as it:
        it.replace()
        assert isinstance(happens(it), Ready)
        assert it.wake_ns() == SECOND // 20
        clock.advance(SECOND // 20)
        assert isinstance(happens(it), Spare)
        assert it.starts == 3


def test_ids_stay_unique_over_all_children(bundle: Path) -> None:
    """The scoring one, the spare, and who follows them."""
    with manned(bundle, ManualClock()) as it:
        ids = []
        for probe in (False, True, False):
            it.submit(section(), 1, probe=probe)
            answer = happens(it)
            assert isinstance(answer, Answer)
            ids.append(answer.id)
        it.replace()
        assert isinstance(happens(it), Ready)
        it.submit(section(), 1)
        answer = happens(it)
        assert isinstance(answer, Answer)
        assert [*ids, answer.id] == [1, 2, 3, 4]


def test_a_probe_costs_the_spare_and_nothing_else(bundle: Path, tmp_path: Path) -> None:
    """What it does to the spare is told as a failure; the child that scores is ready as before."""
    with manned(bundle, ManualClock(), strike("segfault"), tmp_path) as it:
        active, spare = it.pids
        it.submit(section(), 1, probe=True)
        failed = happens(it)
        assert isinstance(failed, Failed)
        assert (failed.id, failed.cause) == (1, "crash")
        assert it.replace() == spare
        assert isinstance(happens(it), Ready)
        assert it.pids == (active,)


def test_a_probe_without_a_spare_goes_to_the_only_child(bundle: Path) -> None:
    """There is nobody else to ask."""
    with seat(bundle, ManualClock()) as it:
        assert isinstance(happens(it), Ready)
        it.submit(section(), 1, probe=True)
        assert isinstance(happens(it), Answer)


def test_a_lost_spare_is_no_failure_of_the_arm(bundle: Path) -> None:
    """It is told as what it is, and followed by another after the back-off."""
    clock = ManualClock()
    with manned(bundle, clock) as it:
        active, spare = it.pids
        kill(spare)
        lost = happens(it)
        assert isinstance(lost, Spare)
        assert (lost.pid, bool(lost.lost)) == (spare, True)
        assert it.pids == (active,)
        clock.advance(SECOND // 20)
        assert isinstance(happens(it), Spare)


def test_who_scores_may_die_while_the_spare_is_probed(bundle: Path, tmp_path: Path) -> None:
    """The probe's answer is awaited all the same, and who gives it serves on."""
    until = tmp_path / "go"
    plan = f'[[fault]]\naction = "late"\nbars = [5]\nuntil = "{until}"\n'
    with manned(bundle, ManualClock(), plan, tmp_path) as it:
        active, spare = it.pids
        it.submit(section(), 1, probe=True)
        kill(active)
        assert isinstance(happens(it), Spare)
        assert it.pid == spare
        until.touch()
        assert isinstance(happens(it), Answer)


def test_an_idle_child_that_dies_is_a_failure(bundle: Path) -> None:
    """The arm must know that nobody waits for work, until the spare does."""
    with manned(bundle, ManualClock()) as it:
        active, spare = it.pids
        kill(active)
        assert isinstance(happens(it), Failed)
        assert it.replace() == active
        assert isinstance(happens(it), Ready)
        assert it.pid == spare


def test_a_spare_can_be_sent_away_and_called_back(bundle: Path) -> None:
    """A model that only waits for a rollback needs one child."""
    with manned(bundle, ManualClock()) as it:
        active, spare = it.pids
        it.keep_spare(spare=False)
        assert (it.pids, it.wake_ns()) == ((active,), None)
        it.keep_spare(spare=True)
        back = happens(it)
        assert isinstance(back, Spare)
        assert back.pid not in {active, spare}


def test_a_system_without_room_is_tried_again(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A child that cannot even be started is a failure like another, never the worker's end."""
    clock = ManualClock()
    start = Executor.start

    def no_room(*_: object, **__: object) -> Executor:
        raise ModelError("no room")

    monkeypatch.setattr(Executor, "start", no_room)
    with seat(bundle, clock) as it:
        assert happens(it) == Failed(0, "load", "no room")
        assert it.replace() == 0
        monkeypatch.setattr(Executor, "start", start)
        clock.advance(SECOND // 20)
        assert isinstance(happens(it), Ready)


def test_a_section_that_lacks_what_the_model_takes_costs_the_child_and_not_the_worker(bundle: Path) -> None:
    """The digest of a plan promises its columns; who promised wrongly is not the worker's end."""
    with seat(bundle, ManualClock()) as it:
        assert isinstance(happens(it), Ready)
        it.submit(make_factors(5), 1)
        failed = happens(it)
        assert isinstance(failed, Failed)
        assert (failed.cause, "lack" in failed.reason, NAMES[-1] in failed.reason) == ("crash", True, True)


def test_symbols_that_nobody_knows_cost_the_child_and_not_the_worker(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also of a model that has to be told who they are."""

    def unknown(*_: object) -> None:
        raise UniverseError("no universe message came before its section")

    with seat(bundle, ManualClock()) as it:
        assert isinstance(happens(it), Ready)
        monkeypatch.setattr(Launch, "call", unknown)
        monkeypatch.setattr(Ready, "sections", True)
        it.submit(section(), 1)
        failed = happens(it)
        assert isinstance(failed, Failed)
        assert "no universe" in failed.reason
