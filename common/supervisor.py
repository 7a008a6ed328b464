"""`python -m common.supervisor services.NAME`: one process, restarted alone when it dies.

honcho stops everything when one of its children exits, so each Procfile line runs one of these. It ends only when it is
told to, when the process ends by itself with 0, when its configuration is wrong (2: a restart would not help), or when
the restart budget is spent (69); then the launcher brings the rest down: a loud halt. For want of space on a disk it is
started again for as long as that takes. A unit of systemd runs the same, and starts none again that ended so.
"""

from __future__ import annotations

import argparse
import gc
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from alphabus.endpoints import SERVICES
from alphabus.errors import AlphabusError
from alphabus.sockets import wait_on
from common.config import load_config
from common.exits import BUDGET_SPENT, DONE, FAILED, NO_ROOM, WRONG_USAGE
from common.logs import open_log
from common.nearest import did_you_mean
from common.places import check_places
from common.process import DEFAULT_CONFIG
from common.restarts import SECOND, Restarts
from common.service import Stop

GRACE_NS = 3 * SECOND // 2
TERMINATED = (DONE, WRONG_USAGE)


class Supervisor:
    """Keeps one child alive; SIGTERM and SIGINT end both."""

    def __init__(
        self,
        command: Sequence[str],
        stop: Stop,
        log: FilteringBoundLogger,
        restarts: Restarts,
        name: str = "the process",
    ) -> None:
        """`name` is what people are told has died."""
        self._command, self._stop, self._log, self._restarts, self._name = command, stop, log, restarts, name
        self._launcher = _watched_launcher()

    def run(self) -> int:
        """Start, watch, restart; returns the exit status."""
        while True:
            status = self._watch()
            if self._told_to_stop or status in TERMINATED:
                return self._status(status)
            wait_ns = self._no_room() if status == NO_ROOM else self._restarts.died(time.monotonic_ns())
            if wait_ns is None:
                self._halt(status)
                return BUDGET_SPENT
            self._log.warning("died", status=status, restart_in_ms=wait_ns // 1_000_000)
            wait_on([self._stop.fileno(), *self._launcher], wait_ns)
            if self._told_to_stop:
                return DONE

    def _no_room(self) -> int:
        """It would die of it again: that is not counted, or a disk that is full for a minute would halt everything."""
        sys.stderr.write(f"{self._name} ended for want of space on the disk: started again until there is\n")
        return self._restarts.longest_ns

    def _halt(self, status: int) -> None:
        """Loudly: whoever looks at the terminal learns of it as well."""
        self._log.error("restart_budget_spent", status=status)
        sys.stderr.write(
            f"{self._name} died {self._restarts.budget + 1} times within {self._restarts.window_ns // SECOND} s, the "
            f"last time with status {status}: it is given up; what it said before, and its log, say why\n"
        )

    def _status(self, status: int) -> int:
        # A child that was stopped before it could listen ended by the signal itself, as asked.
        if self._told_to_stop and status == -signal.SIGTERM:
            return DONE
        return status if status in TERMINATED else FAILED

    @property
    def _told_to_stop(self) -> bool:
        """A signal came, or whoever launched all this has ended without stopping it."""
        return self._stop.requested or any(select.select(self._launcher, [], [], 0)[0])

    def _watch(self) -> int:
        # Its own session: Ctrl-C in a terminal reaches the supervisor alone, which then stops the child in order.
        child = subprocess.Popen(self._command, start_new_session=True)
        exit_fd = os.pidfd_open(child.pid)
        try:
            while child.poll() is None:
                wait_on([self._stop.fileno(), exit_fd, *self._launcher], SECOND)
                if self._told_to_stop:
                    return self._end(child, exit_fd)
            return child.returncode
        finally:
            os.close(exit_fd)

    def _end(self, child: subprocess.Popen[bytes], exit_fd: int) -> int:
        child.terminate()
        child.send_signal(signal.SIGCONT)  # one that stands still goes on, and ends in order
        wait_on([exit_fd], GRACE_NS)
        if child.poll() is None:
            self._log.error("killed", reason="did not stop in time")
            child.kill()
        return child.wait()


def _watched_launcher() -> list[int]:
    """A descriptor that tells of the end of the process named by $ALPHABUS_LAUNCHER, if it names one."""
    try:
        return [os.pidfd_open(int(os.environ["ALPHABUS_LAUNCHER"]))]
    except (KeyError, ValueError, ProcessLookupError):
        return []


def _can_run(module: str) -> bool:
    """Whether `python -m` finds it: or it would be started again until the budget is spent."""
    try:
        found = find_spec(module)
        if found is not None and found.submodule_search_locations is not None:
            found = find_spec(f"{module}.__main__")
    except (ImportError, ValueError):  # its package is not there; it is no name
        return False
    except Exception:  # noqa: BLE001  its package is there, and says itself what is wrong with it, in a process of its own
        return True
    return found is not None


def main(arguments: Sequence[str] | None = None) -> int:
    """Supervise the module named on the command line."""
    parser = argparse.ArgumentParser(prog="python -m common.supervisor", description=__doc__)
    parser.add_argument("module", help="such as services.bar_feed")
    parser.add_argument("--config", type=Path, default=Path(os.environ.get("ALPHABUS_CONFIG", DEFAULT_CONFIG)))
    parsed = parser.parse_args(arguments)
    if not _can_run(parsed.module):
        known = [f"services.{name}" for name in SERVICES]
        parser.error(f"{parsed.module!r} is no module that can be run{did_you_mean(parsed.module, known)}")
    try:
        config = load_config(parsed.config)
        check_places(config)
    except AlphabusError as error:
        sys.stderr.write(f"error: {error}\n")
        return WRONG_USAGE
    log = open_log(config.logs, "supervisor", config.instance).bind(child=parsed.module)
    command = [sys.executable, "-m", parsed.module, "--config", str(parsed.config), "--parent", str(os.getpid())]
    status = Supervisor(command, Stop(), log, Restarts(), parsed.module).run()
    # Five of these end at once: the collector's last rounds cost each of them a tenth of a second of a core (measured).
    gc.freeze()
    return status


if __name__ == "__main__":
    sys.exit(main())
