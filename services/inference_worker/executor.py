"""The parent's side of one executor child: starts it, hands it sections, reads answers, never waits for it."""

import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.errors import ModelError
from services.inference_worker.attendance import Attendance, encode_names
from services.inference_worker.channel import Channel
from services.inference_worker.child_process import ChildProcess, Dying
from services.inference_worker.exchange import (
    Answer,
    Cause,
    Failed,
    Message,
    Ready,
    Request,
    Scored,
)
from services.inference_worker.slate import Slate

Floats = NDArray[np.float64]

CHILD = "services.inference_worker.executor_child"

# Native libraries read these once, when they are loaded.
_ONE_THREAD = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)

KILL_WAIT_S = 1.0
STOP_WAIT_S = 0.5


class Executor:
    """One child with one bundle. Poll `fileno()` for messages and `exit_fd()` for its end; one request at a time.

    A child that ended or was given up is never revived: start another executor, which takes its request ids from the
    same `ids`, so that they stay unique. Nothing here blocks, except `kill` and `stop` within their limits.
    """

    def __init__(self, process: ChildProcess, channel: Channel, slate: Slate, ids: Iterator[int]) -> None:
        self._process = process
        self._channel = channel
        self._slate = slate
        self._shape: tuple[int, int] = (0, 0)
        self._universe: bytes | None = None  # whose names the child has
        self._counted: NDArray[np.bool_] | None = None
        self._open = True
        self._ids = ids
        self.outstanding: int | None = None
        self.ready: Ready | None = None

    @classmethod
    def start(
        cls,
        bundle: Path,
        *,
        environment: Mapping[str, str],
        ids: Iterator[int] | None = None,
        memory_mb: int = 0,
        fault: Path | None = None,
        attempt: int = 1,
    ) -> "Executor":
        """Start a child for a bundle folder; call it from the main thread. `receive` says when it is ready.

        It may have `memory_mb` MiB of its own, 0 for no limit. `fault` names a fault plan for tests, `attempt` which
        start of this child this is.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        slate = Slate.create()
        command = _command(bundle, theirs.fileno(), slate.descriptor, memory_mb)
        command += [] if fault is None else ["--fault", str(fault.absolute()), "--attempt", str(attempt)]
        try:
            with theirs:
                process = ChildProcess(
                    command,
                    keep=(theirs.fileno(), slate.descriptor),
                    folder=str(Path(__file__).parents[2]),
                    environment={**environment, **_ONE_THREAD},
                )
        except OSError as error:
            ours.close()
            slate.close()
            raise ModelError(f"the executor child cannot be started: {error}") from error
        return cls(process, Channel(ours), slate, count(1) if ids is None else ids)

    @property
    def pid(self) -> int:
        """Process id, which is also its group and session."""
        return self._process.pid

    def fileno(self) -> int:
        """Socket to poll for reading; it stays readable once the child has closed it."""
        return self._channel.fileno()

    def exit_fd(self) -> int:
        """Descriptor that becomes readable when the child ends."""
        return self._process.exit_fd

    def how_it_ended(self) -> str | None:
        """Readable exit status, None while it runs."""
        return self._process.how_it_ended()

    def submit(
        self,
        features: Floats | Sequence[Floats],
        *,
        bar: int,
        attempt: int = 1,
        attendance: Attendance | None = None,
    ) -> int:
        """Hand over features f8[F, S], or F columns f8[S] (copied once), and return the request's id.

        attendance: who counts; a model with processors has to know. Names of symbols go along only when they change.
        ModelError before the child is ready, for other features than the model's, or while a request is out. If the
        child is gone the id is returned all the same, and `receive` and `exit_fd` tell.
        """
        self._check(features, attendance)
        self._shape = (len(features), len(features[0]))
        names = self._call(attendance)
        for place, column in zip(self._slate.features(*self._shape), features, strict=True):
            place[...] = column
        self.outstanding = next(self._ids)
        stamp = 0 if attendance is None else attendance.stamp
        self._channel.send(Request(self.outstanding, bar, attempt, self._shape[1], stamp, names))
        return self.outstanding

    def receive(self) -> Ready | Answer | Failed | None:
        """Return the next message, None if there is none now; answers to anything but the open request are dropped."""
        while (message := self._channel.receive()) is not None:
            told = self._taken(message)
            if told is not None:
                return told
        return None

    def abandon(self, dying: Dying) -> None:
        """SIGKILL the child's process group and let go of everything at once; `dying` reaps it."""
        if self._open:
            self._open = False
            self._channel.close()
            self._slate.close()
            dying.add(self._process)

    def kill(self, wait_s: float = KILL_WAIT_S) -> bool:
        """SIGKILL the child's process group, reap it and let go of everything; False if it outlived the limit."""
        if not self._open:
            return True
        gone = self._process.kill(wait_s)
        self._close()
        return gone

    def stop(self, wait_s: float = STOP_WAIT_S) -> bool:
        """Let the child end by itself by closing the socket, then kill what is left."""
        if not self._open:
            return True
        self._channel.close()
        self._process.ended(wait_s)
        return self.kill()

    def _call(self, attendance: Attendance | None) -> int:
        """Make room, say who counts, and who they are if the child knows of others; return the bytes of the names."""
        names = b""
        if attendance is not None and attendance.universe != self._universe:
            names, self._universe = encode_names(attendance.symbols), attendance.universe
        self._slate.grow(*self._shape, len(names))
        self._counted = None if attendance is None else attendance.counted
        if self._counted is not None:
            self._slate.rows(*self._shape)[...] = self._counted
            self._slate.write_names(*self._shape, names)
        return len(names)

    def _check(self, features: Floats | Sequence[Floats], attendance: Attendance | None) -> None:
        if self.ready is None:
            raise ModelError("the executor is not ready; wait for its Ready message")
        if self.outstanding is not None:
            raise ModelError(f"request {self.outstanding} is still out; kill this executor and start another")
        wanted, symbols = len(self.ready.features), {np.shape(column) for column in features}
        if len(features) != wanted or len(symbols) != 1 or len(symbols.pop()) != 1:
            raise ModelError(f"model {self.ready.model} takes {wanted} features of equal length, not {len(features)}")
        if self.ready.sections and (attendance is None or len(attendance.counted) != len(features[0])):
            raise ModelError(f"model {self.ready.model} has processors: say who counts among its symbols")

    def _taken(self, message: Message) -> Ready | Answer | Failed | None:
        """Turn what came into what the worker is told; None for what answers no open request."""
        match message:
            case Ready():
                self.ready = message
                return message
            case Scored():
                return self._answer(message)
            case Failed():
                return self._failure(message)
            case Request():
                return self._fail("invalid", "the child sent a request")

    def _answer(self, scored: Scored) -> Answer | Failed | None:
        if scored.id != self.outstanding:
            return None
        symbols = self._shape[1]
        if scored.symbols != symbols:
            return self._fail("invalid", f"the model gave {scored.symbols} values for {symbols} symbols")
        self.outstanding = None
        values, counted = self._slate.predictions(*self._shape).copy(), self._counted
        silent = None if counted is None else counted & (self._slate.rows(*self._shape) == 0.0)
        return Answer(scored.id, values, silent)

    def _failure(self, failed: Failed) -> Failed | None:
        if failed.id not in {0, self.outstanding}:
            return None
        return self._fail(failed.cause if self.ready else "load", failed.reason)

    def _fail(self, cause: Cause, reason: str) -> Failed:
        failed = Failed(self.outstanding or 0, cause, reason)
        self.outstanding = None
        return failed

    def _close(self) -> None:
        self._open = False
        self._channel.close()
        self._slate.close()
        self._process.close()


def _command(bundle: Path, channel: int, memory: int, memory_mb: int) -> list[str]:
    command = [sys.executable, "-X", "faulthandler", "-m", CHILD, "--bundle", str(bundle.absolute())]
    command += ["--socket", str(channel), "--memory", str(memory), "--memory-mb", str(memory_mb)]
    return [*command, "--parent", str(os.getpid())]
