"""A process started by exec in a session of its own, watched by pidfd, killed as a group."""

import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence


class ChildProcess:
    """Started by the main thread only: the child's parent-death signal fires when the starting *thread* ends."""

    def __init__(
        self, command: Sequence[str], *, keep: Sequence[int], folder: str, environment: Mapping[str, str]
    ) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            pass_fds=tuple(keep),
            stdin=subprocess.DEVNULL,
            # A library that prints must not write into the parent's results.
            stdout=2,
            start_new_session=True,
        )
        self.pid = self._process.pid
        try:
            self.exit_fd = os.pidfd_open(self.pid)
        except OSError:  # nobody could watch it
            os.killpg(self.pid, signal.SIGKILL)
            self._process.wait()
            raise

    def ended(self, wait_s: float = 0.0) -> bool:
        """Whether the process has ended, waiting that long for it."""
        poller = select.poll()
        poller.register(self.exit_fd, select.POLLIN)
        return bool(poller.poll(wait_s * 1000.0))

    def how_it_ended(self) -> str | None:
        """Readable exit status, None while it runs; it stays to be reaped."""
        if self._process.returncode is not None:
            return _readable(self._process.returncode)
        found = os.waitid(os.P_PIDFD, self.exit_fd, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return None
        return _readable(found.si_status if found.si_code == os.CLD_EXITED else -found.si_status)

    def kill(self, wait_s: float = 0.0) -> bool:
        """SIGKILL the group and reap it; False if the kernel did not let go of it in that time."""
        if self._process.returncode is None:
            # Not reaped yet, so its id is still its own.
            os.killpg(self.pid, signal.SIGKILL)
        return self.reap(wait_s)

    def reap(self, wait_s: float) -> bool:
        """Collect the exit status, waiting at most that long; then the descriptor is closed."""
        if not self.ended(wait_s):
            return False
        self._process.wait()
        return True

    def close(self) -> None:
        """Close the pidfd."""
        os.close(self.exit_fd)


class Dying:
    """Children that were killed and are not reaped yet: nobody waits for them, so no arm waits for another's."""

    def __init__(self) -> None:
        self._processes: list[ChildProcess] = []

    def add(self, process: ChildProcess) -> None:
        """SIGKILL it; `reap` does the rest."""
        if process.kill():
            process.close()
        else:
            self._processes.append(process)

    def handles(self) -> list[object]:
        """Descriptors that become readable when one is gone."""
        return [process.exit_fd for process in self._processes]

    def reap(self, wait_s: float = 0.0) -> bool:
        """Collect those that are gone, waiting so long for each; False if some are left."""
        waiting, self._processes = self._processes, []
        for process in waiting:
            if process.reap(wait_s):
                process.close()
            else:
                self._processes.append(process)
        return not self._processes


def _readable(status: int) -> str:
    if status >= 0:
        return f"exited with status {status}"
    known = -status in set(signal.Signals)  # real-time signals but two have no name
    return f"killed by {signal.Signals(-status).name if known else f'signal {-status}'}"
