"""An end that comes whatever state the children are in; real processes, small ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.exits import WRONG_USAGE
from common.launch import main
from common.lines import Lines

ROOT = Path(__file__).parents[2]
LIMIT_S = 30.0

# Says who it is; then ends in order when it is told to.
SLEEPER = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("pid", os.getpid(), flush=True)
while True:
    signal.pause()
"""

ENDS = "print('it is the disk', flush=True); raise SystemExit(7)"


@contextmanager
def launched(folder: Path, *names: str, **lines: str) -> Iterator[subprocess.Popen[str]]:
    """A launcher with these lines, or `names` of them; killed with its group if it is still there at the end."""
    (folder / "sleeper.py").write_text(SLEEPER, encoding="ascii")
    text = "".join(f"{name}: exec {sys.executable} {command}\n" for name, command in lines.items())
    (folder / "Procfile").write_text(text, encoding="ascii")
    command = [sys.executable, "-m", "common.launch", str(folder / "Procfile"), *names]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True) as launcher:
        try:
            yield launcher
        finally:
            if launcher.poll() is None:
                os.killpg(launcher.pid, signal.SIGKILL)


def pids_of(launcher: subprocess.Popen[str], count: int) -> list[int]:
    """Process ids of so many sleepers, as they say them."""
    assert launcher.stdout is not None
    said = (line.partition("| pid ")[2] for line in launcher.stdout)
    return [int(next(filter(None, said))) for _ in range(count)]


@pytest.mark.parametrize("still", [0, 1, 2])
def test_it_ends_whoever_stands_still(still: int, tmp_path: Path) -> None:
    """Nobody, one, or all: each hears that it is to end, and does."""
    sleeper = str(tmp_path / "sleeper.py")
    with launched(tmp_path, one=sleeper, two=sleeper) as launcher:
        pids = pids_of(launcher, 2)
        for pid in pids[:still]:
            os.kill(pid, signal.SIGSTOP)
        launcher.terminate()
        said, _ = launcher.communicate(timeout=LIMIT_S)
    assert launcher.returncode == 128 + signal.SIGTERM
    assert said.count("stopped (rc=0)") == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_some_of_the_lines_may_be_run(tmp_path: Path) -> None:
    """Those that are named; the others are another host's."""
    sleeper = str(tmp_path / "sleeper.py")
    with launched(tmp_path, "one", one=sleeper, two="-c 'raise SystemExit(7)'") as launcher:
        pids_of(launcher, 1)
        launcher.terminate()
        said, _ = launcher.communicate(timeout=LIMIT_S)
    assert launcher.returncode == 128 + signal.SIGTERM
    assert "two" not in said


def test_a_name_without_a_line_starts_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Exit status 2, and what may have been meant."""
    with launched(tmp_path, "one", "tow", one=str(tmp_path / "sleeper.py"), two="-c 1") as launcher:
        said, _ = launcher.communicate(timeout=LIMIT_S)
    assert (launcher.returncode, said) == (2, "")
    assert f"{tmp_path / 'Procfile'}: no line is named 'tow'; did you mean 'two'?" in capfd.readouterr().err


def test_a_procfile_that_is_not_there_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """In one line, with the status of a wrong call."""
    assert main([str(tmp_path / "Procfil")]) == WRONG_USAGE
    assert capfd.readouterr().err == f"error: {tmp_path}/Procfil cannot be read: No such file or directory\n"


def test_the_end_of_one_is_the_end_of_all(tmp_path: Path) -> None:
    """Its status is the launcher's."""
    with launched(tmp_path, sleeper=str(tmp_path / "sleeper.py"), ends="-c 'raise SystemExit(7)'") as launcher:
        launcher.communicate(timeout=LIMIT_S)
    assert launcher.returncode == 7


def test_a_disk_that_is_full_does_not_keep_it_from_ending(tmp_path: Path) -> None:
    """What its log does not take goes where it was told to; everybody ends, with the status of the first."""
    text = f"sleeper: exec {sys.executable} {tmp_path / 'sleeper.py'}\nends: exec {sys.executable} -c {ENDS!r}\n"
    (tmp_path / "Procfile").write_text(text, encoding="ascii")
    (tmp_path / "sleeper.py").write_text(SLEEPER, encoding="ascii")
    with (tmp_path / "spill").open("w+b") as spill, Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-m", "common.launch", str(tmp_path / "Procfile"), "--spill", str(spill.fileno())]
        ended = subprocess.run(
            command, cwd=ROOT, check=False, stdout=full, pass_fds=[spill.fileno()], timeout=LIMIT_S,
            start_new_session=True,
        )  # fmt: skip
        spill.seek(0)
        said = spill.read().decode()
    assert ended.returncode == 7
    assert "| it is the disk\n" in said
    assert "sleeper.1 stopped" in said


def test_it_may_be_told_before_all_are_there(tmp_path: Path) -> None:
    """What comes too early is not forgotten: everybody is started, and ended."""
    sleeper = str(tmp_path / "sleeper.py")
    with launched(tmp_path, **{f"sleeper{number}": sleeper for number in range(5)}) as launcher:
        assert launcher.stdout is not None
        assert "started" in launcher.stdout.readline()
        launcher.terminate()
        said, _ = launcher.communicate(timeout=LIMIT_S)
    assert launcher.returncode == 128 + signal.SIGTERM
    assert said.count("stopped") == 5


def test_it_may_be_told_while_it_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    """Honcho prints in its signal handler: in the middle of a line both go out."""
    reading, writing = os.pipe()
    out, really = Lines(writing), os.write

    def interrupted(descriptor: int, data: bytes) -> int:
        monkeypatch.setattr(os, "write", really)
        signal.raise_signal(signal.SIGUSR1)
        return really(descriptor, data)

    before = signal.signal(signal.SIGUSR1, lambda *_: print("told", file=out, flush=True))
    try:
        monkeypatch.setattr(os, "write", interrupted)
        print("line", file=out, flush=True)
    finally:
        signal.signal(signal.SIGUSR1, before)
        os.close(writing)
    with os.fdopen(reading) as lines:
        assert lines.read() == "told\nline\n"


def test_python_in_a_line_is_the_launchers_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though nobody activated its environment: another one would lack what the services need."""
    monkeypatch.setenv("PATH", os.defpath)
    line = 'one: exec python -c "import sys; print(sys.prefix)"\n'
    (tmp_path / "Procfile").write_text(line, encoding="ascii")
    command = [sys.executable, "-m", "common.launch", str(tmp_path / "Procfile")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=LIMIT_S)
    assert f"| {sys.prefix}\n" in done.stdout
