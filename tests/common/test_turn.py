"""One writer at a time: nobody's change is lost, and nothing is left behind."""

import fcntl
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from common.replay.pipeline import ROOT
from common.turn import turn

ROUNDS = 50

ADDER = f"""
import sys
from pathlib import Path
from common.turn import turn
path = Path(sys.argv[1])
for _ in range({ROUNDS}):
    with turn(path):
        path.write_text(str(int(path.read_text()) + 1))
"""


def test_what_processes_and_threads_add_is_all_there(tmp_path: Path) -> None:
    """Each reads a number and writes the next one, over and over."""
    path = tmp_path / "number"
    path.write_text("0")

    def add() -> None:
        for _ in range(ROUNDS):
            with turn(path):
                path.write_text(str(int(path.read_text()) + 1))

    others = [subprocess.Popen([sys.executable, "-c", ADDER, str(path)], cwd=ROOT) for _ in range(2)]
    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [other.wait() for other in others] == [0, 0]
    assert path.read_text() == str(5 * ROUNDS)
    assert list(tmp_path.iterdir()) == [path]


def test_a_turn_ends_with_an_error(tmp_path: Path) -> None:
    """The next one gets it; the folder is made where it is not there."""
    path = tmp_path / "new" / "file"
    with pytest.raises(ValueError, match="no"), turn(path):
        raise ValueError("no")
    with turn(path):
        assert [each.name for each in path.parent.iterdir()] == [".file.turn"]
    assert list(path.parent.iterdir()) == []


def test_who_waited_for_one_that_was_removed_waits_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file it opened is gone by the time it is free: holding it says nothing."""
    real = fcntl.flock
    waited: list[int] = []

    def flock(descriptor: int, how: int) -> None:
        if not waited:
            (tmp_path / ".file.turn").unlink()
        waited.append(os.fstat(descriptor).st_ino)
        real(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", flock)
    with turn(tmp_path / "file"):
        assert (tmp_path / ".file.turn").stat().st_ino == waited[1]
    assert len(waited) == 2
