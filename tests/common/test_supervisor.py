"""One process, restarted alone; real children, small ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from common.exits import BUDGET_SPENT, DONE, NO_ROOM, WRONG_USAGE
from common.restarts import SECOND, Restarts
from common.service import Stop
from common.supervisor import GRACE_NS, Supervisor, main
from tests.services.cluster import silent_log

ROOT = Path(__file__).parents[2]

# Says who it is, in a line of a file; then ends as told, or waits for SIGTERM.
CHILD = """
import os, signal, sys
with open(sys.argv[1], "a") as file:
    file.write(f"{os.getpid()}\\n")
if sys.argv[2] == "wait":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print("ready", flush=True)
    signal.pause()
sys.exit(int(sys.argv[2]))
"""

# What a service's module looks like to a supervisor.
MODULE = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print(os.getpid(), *sys.argv[1:], flush=True)
signal.pause()
"""


class NeverTold(Stop):
    """A stop that leaves the signals of the test process alone."""

    def __init__(self) -> None:
        self.requested = False
        self._wakeup = os.eventfd(0)


def supervised(lives: Path, how: str) -> int:
    """Exit status of a supervisor over such a child."""
    command = [sys.executable, "-S", "-c", CHILD, str(lives), how]
    return Supervisor(command, NeverTold(), silent_log(), Restarts(budget=3, first_ns=1)).run()


@pytest.mark.parametrize(
    ("how", "status", "lives"),
    [("0", DONE, 1), ("2", WRONG_USAGE, 1), ("1", BUDGET_SPENT, 4), ("3", BUDGET_SPENT, 4), ("69", BUDGET_SPENT, 4)],
)
def test_who_is_restarted(tmp_path: Path, how: str, status: int, lives: int) -> None:
    """0 is done and 2 cannot be helped; all else is started again until the budget is spent, and told so."""
    assert supervised(tmp_path / "lives", how) == status
    assert len((tmp_path / "lives").read_text(encoding="ascii").splitlines()) == lives


def test_want_of_space_spends_no_budget(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Started again for as long as it takes, and told each time; what it dies of then counts as ever."""
    lives = tmp_path / "lives"
    child = (
        f"import sys; file = open({str(lives)!r}, 'a+'); print(1, file=file, flush=True); file.seek(0);"
        f"sys.exit({NO_ROOM} if len(file.readlines()) <= 6 else 0)"
    )
    restarts = Restarts(budget=3, first_ns=1, longest_ns=1)
    command = [sys.executable, "-S", "-c", child]
    assert Supervisor(command, NeverTold(), silent_log(), restarts, "the cache").run() == 0
    assert len(lives.read_text(encoding="ascii").splitlines()) == 7
    assert capfd.readouterr().err.count("the cache ended for want of space on the disk") == 6


def test_sigterm_ends_both(tmp_path: Path) -> None:
    """The supervisor passes it on, waits for its child, and ends with 0; the child was told config and parent."""
    (tmp_path / "sleeper.py").write_text(MODULE, encoding="ascii")
    config = tmp_path / "demo.toml"
    config.write_text(
        f"instance = 'demo'\nstate = '{tmp_path}'\n[feed.source]\nbars = 'bars.parquet'\n", encoding="ascii"
    )
    with subprocess.Popen(
        [sys.executable, "-m", "common.supervisor", "sleeper", "--config", str(config)],
        cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
    ) as supervisor:  # fmt: skip
        assert supervisor.stdout is not None
        child, *arguments = supervisor.stdout.readline().decode().split()
        supervisor.send_signal(signal.SIGTERM)
        assert supervisor.wait(60) == 0
    assert arguments == ["--config", str(config), "--parent", str(supervisor.pid)]
    assert not Path(f"/proc/{child}").exists()


def test_patience_with_a_child_leaves_room_in_what_is_promised() -> None:
    """Everything is to end in 2 s: who has not ended by himself before is killed."""
    assert SECOND <= GRACE_NS <= 2 * SECOND - SECOND // 4


def test_its_own_end_is_no_work(tmp_path: Path) -> None:
    """Five of them end at the same time: the collector has nothing to look through any more."""
    (tmp_path / "done.py").touch()
    config = tmp_path / "demo.toml"
    config.write_text(
        f"instance = 'demo'\nstate = '{tmp_path}'\n[feed.source]\nbars = 'bars.parquet'\n", encoding="ascii"
    )
    program = "import gc, sys; from common.supervisor import main; print(main(sys.argv[1:]), gc.get_freeze_count() > 0)"
    told = subprocess.run(
        [sys.executable, "-c", program, "done", "--config", str(config)],
        cwd=ROOT, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"},
        check=True,
    )  # fmt: skip
    assert told.stdout == "0 True\n"


def test_a_wrong_configuration_is_not_supervised(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 2 at once, and what is wrong."""
    assert main(["services.bar_feed", "--config", str(tmp_path / "none.toml")]) == 2
    assert "none.toml: cannot be read" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("module", "told"),
    [
        ("services.bar_fed", "did you mean 'services.bar_feed'?"),
        ("no_such.module", "there is services.bar_feed, "),
        ("services", "'services' is no module that can be run"),
        ("..", "'..' is no module that can be run"),
    ],
)
def test_a_module_that_cannot_be_run_is_wrong_usage(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], module: str, told: str
) -> None:
    """At once, and not when the budget is spent."""
    with pytest.raises(SystemExit) as ended:
        main([module, "--config", str(tmp_path / "none.toml")])
    assert ended.value.code == WRONG_USAGE
    assert told in capsys.readouterr().err


def test_a_child_that_could_not_listen_yet_was_stopped_as_asked() -> None:
    """It ended by the signal itself: that is no failure."""
    stop = NeverTold()
    stop.requested = True
    os.eventfd_write(stop.fileno(), 1)
    command = [sys.executable, "-S", "-c", "import signal; signal.pause()"]
    assert Supervisor(command, stop, silent_log(), Restarts()).run() == 0
