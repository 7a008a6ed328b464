"""The five processes under honcho, as a thing that is started, asked, and stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from alphabus.bus import Bus
from alphabus.clock import SystemClock
from alphabus.endpoints import SERVICES, Endpoints
from alphabus.messages import Heartbeat
from alphabus.sockets import ZmqTransport
from alphabus.status import StatusView
from common.config import Config
from common.errors import LockError, PipelineError
from common.lock import Lock
from common.replay.farewell import how_it_ended, last_words

ROOT = Path(__file__).parents[2]
ANSWER_NS = 1_000_000_000
STOP_S = 10.0


def refuse_if_running(endpoints: Endpoints) -> None:
    """Raise LockError, naming the process, when one of the instance runs.

    Each service takes its lock again itself; asked here, the refusal comes before anything is done.
    """
    endpoints.make_folder()
    try:
        with contextlib.ExitStack() as locks:
            for name in SERVICES:
                locks.enter_context(Lock(endpoints.folder / f"{name}.lock"))
    except LockError as error:
        raise LockError(
            f"instance {endpoints.instance!r} runs already: {error}, or give this one another name (INSTANCE=)"
        ) from error


class Pipeline:
    """Runs the Procfile with a configuration; leaving the context stops every process of it."""

    def __init__(self, config: Config, config_file: Path) -> None:
        self._config, self._config_file = config, config_file
        self._log = (config.logs or Path()) / "honcho.log"
        self._transport = ZmqTransport()
        bus = Bus(config.endpoints, self._transport, SystemClock())
        self._views = {name: StatusView(bus, name) for name in SERVICES}
        self._honcho: subprocess.Popen[bytes] | None = None
        self._begins = 0  # where in the log this start does, behind those before it
        self._spill = -1  # in memory: what the launcher has to say when the disk of the logs is full

    def __enter__(self) -> Self:
        """Start honcho; it starts the rest. Raises LockError when a process of this instance runs already."""
        refuse_if_running(self._config.endpoints)
        self._log.parent.mkdir(parents=True, exist_ok=True)
        environment = {
            **os.environ,
            "ALPHABUS_CONFIG": str(self._config_file.absolute()),
            "PYTHONUNBUFFERED": "1",
        }
        self._spill = os.memfd_create("spill")
        with self._log.open("ab") as output:
            self._begins = output.tell()
            self._honcho = subprocess.Popen(
                # It ends with us, and the supervisors with it, whatever ends which of them.
                [
                    sys.executable,
                    "-m",
                    "common.parent",
                    str(os.getpid()),
                    sys.executable,
                    "-m",
                    "common.launch",
                    str(ROOT / "Procfile"),
                    "--spill",
                    str(self._spill),
                ],
                pass_fds=(self._spill,),
                cwd=Path.cwd(),
                env=environment | {"PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                # Ctrl-C in a terminal reaches us alone; honcho is told to stop in order.
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """SIGTERM to honcho, and to what a dead honcho may have left; then nothing of the group remains."""
        for view in self._views.values():
            view.close()
        self._transport.close()
        try:
            self.stop()
        finally:
            os.close(self._spill)
            self._spill = -1

    @property
    def running(self) -> bool:
        """Whether honcho, and with it all five, is up."""
        return self._honcho is not None and self._honcho.poll() is None

    @property
    def launcher_pid(self) -> int:
        """Process id of honcho; raises PipelineError when nothing was started."""
        if self._honcho is None:
            raise PipelineError("nothing was started")
        return self._honcho.pid

    def status(self, service: str) -> Heartbeat | None:
        """How a process says it is, None when it does not answer."""
        return self._views[service].ask(ANSWER_NS)

    def last_words(self, lines: int = 5) -> list[str]:
        """What the processes wrote to standard error last."""
        return last_words(self._written(), lines)

    def how_it_ended(self) -> str:
        """Of an end that nobody asked for."""
        return how_it_ended(self._written())

    def _written(self) -> list[str]:
        logged = self._log.read_bytes()[self._begins :] if self._log.exists() else b""
        return (logged + b"\n" + self._spilled()).decode("utf-8", "replace").splitlines()

    def _spilled(self) -> bytes:
        return b"" if self._spill < 0 else os.pread(self._spill, os.fstat(self._spill).st_size, 0)

    def stop(self) -> None:
        """End every process; raises PipelineError when one outlives the limit."""
        if self._honcho is None:
            return
        if self._honcho.poll() is None:
            self._honcho.terminate()
            self._honcho.send_signal(signal.SIGCONT)  # stopped as well, it goes on to hear that it is to end
            try:
                self._honcho.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._signal_group(signal.SIGKILL)
                self._honcho.wait(STOP_S)
        self._signal_group(signal.SIGTERM)
        self._wait_until_gone()

    def _wait_until_gone(self) -> None:
        """A honcho that was killed leaves supervisors that stop by themselves: their locks tell when."""
        until = time.monotonic() + STOP_S
        while True:
            try:
                return refuse_if_running(self._config.endpoints)
            except LockError as error:
                if time.monotonic() > until:
                    raise PipelineError(f"a process outlived the pipeline: {error}") from error
            time.sleep(0.02)

    def _signal_group(self, number: int) -> None:
        if self._honcho is None:
            raise PipelineError("nothing was started")
        try:
            os.killpg(self._honcho.pid, number)
        except ProcessLookupError:
            return
