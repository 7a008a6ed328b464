"""One process an identity: the lock names its holder and ends with it; epochs only grow."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from common.errors import LockError
from common.lock import Lock, raise_epoch

HOLDER = """
import sys
from pathlib import Path
from common.lock import Lock
with Lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    """By process id, and with what to do."""
    path = tmp_path / "deep" / "feed.lock"
    told = rf"{path} is held by pid {os.getpid()}, started \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d UTC: stop it"
    with Lock(path), pytest.raises(LockError, match=told):
        Lock(path).__enter__()
    with Lock(path):
        assert path.read_text(encoding="utf-8").startswith(f"pid {os.getpid()},")


def test_a_holder_says_whose_it_is(tmp_path: Path) -> None:
    """Where the folder alone does not tell."""
    path = tmp_path / "feed.lock"
    with (
        Lock(path, "instance 'demo'"),
        pytest.raises(LockError, match=rf"held by pid {os.getpid()} of instance 'demo', started"),
    ):
        Lock(path).__enter__()


def test_where_there_are_no_locks_it_is_not_a_holder_that_is_blamed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as on a network file system without its daemon; nothing stays open."""

    def flock(_descriptor: int, _how: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match="No locks available"):
        Lock(tmp_path / "lock").__enter__()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_sigkill_lets_go(tmp_path: Path) -> None:
    """The lock ends with the process, however that ends; what it wrote stays and does no harm."""
    path = tmp_path / "feed.lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path.cwd(),
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(LockError, match=f"held by pid {holder.pid},"):
            Lock(path).__enter__()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        with Lock(path):
            assert f"pid {os.getpid()}," in path.read_text(encoding="utf-8")


def test_a_lock_that_was_removed_while_one_waited_is_taken_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two would hold it otherwise: one the file that is gone, the other the new one."""
    path = tmp_path / "lock"
    opened = os.open

    def open_and_lose(name: Path, *arguments: int) -> int:
        descriptor = opened(name, *arguments)
        monkeypatch.setattr(os, "open", opened)
        path.unlink()
        return descriptor

    monkeypatch.setattr(os, "open", open_and_lose)
    with Lock(path), pytest.raises(LockError, match="is held by"):
        Lock(path).__enter__()


def test_epochs_count_starts(tmp_path: Path) -> None:
    """1, 2, 3 ... whatever the clock says, with nothing left beside the file."""
    path = tmp_path / "epochs" / "bar_feed"
    assert [raise_epoch(path) for _ in range(3)] == [1, 2, 3]
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("lost", [0, 1])
def test_an_epoch_outlives_the_loss_of_a_place(tmp_path: Path, lost: int) -> None:
    """The highest that is left counts, and stands in every place again."""
    paths = tmp_path / "run" / "bar_feed.epoch", tmp_path / "state" / "bar_feed"
    assert [raise_epoch(*paths) for _ in range(3)] == [1, 2, 3]
    paths[lost].unlink()
    assert raise_epoch(*paths) == 4
    assert [path.read_text(encoding="ascii") for path in paths] == ["4", "4"]


@pytest.mark.parametrize("content", [b"", b"-1", b"seven", b"1.5", b"\xff", b"9" * 18])
def test_an_epoch_is_never_guessed(tmp_path: Path, content: bytes) -> None:
    """A file that holds no number is refused by name: an epoch used twice would make a writer a zombie."""
    path = tmp_path / "bar_feed"
    path.write_bytes(content)
    with pytest.raises(LockError, match=f"{path} holds .* write a number above any"):
        raise_epoch(path)
    assert path.read_bytes() == content


def test_who_let_go_is_named_no_more(tmp_path: Path) -> None:
    """The file stays; whoever reads it is not sent after a process that holds nothing."""
    with Lock(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text(encoding="utf-8") != ""
    assert (tmp_path / "lock").read_text(encoding="utf-8") == ""
