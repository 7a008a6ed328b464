"""The parent's side of one executor child: starts it, hands it sections, reads answers, never waits for it."""

from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.amounts import amount
from common.errors import ModelError
from services.inference_worker.executor.attendance import Attendance
from services.inference_worker.executor.child_link import ChildLink
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.executor.exchange import (
    Answer,
    Cause,
    Failed,
    Message,
    Ready,
    Request,
    Scored,
)
from services.inference_worker.executor.sheet import Sheet

Floats = NDArray[np.float64]

KILL_WAIT_S = 1.0
STOP_WAIT_S = 0.5


class Executor:
    """One child with one bundle. Poll `fileno()` for messages and `exit_fd()` for its end; one request at a time.

    A child that ended or was given up is never revived: start another executor, which takes its request ids from the
    same `ids`, so that they stay unique. Nothing here blocks, except `kill` and `stop` within their limits.
    """

    def __init__(self, link: ChildLink, ids: Iterator[int]) -> None:
        self._process, self._channel, self._slate = link.process, link.channel, link.slate
        self._sheet = Sheet(link.slate)
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
        link = ChildLink.start(bundle, environment, memory_mb, fault, attempt)
        return cls(link, count(1) if ids is None else ids)

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
        features: Floats,
        *,
        bar: int,
        attempt: int = 1,
        attendance: Attendance | None = None,
    ) -> int:
        """Hand over features f8[F, S], which are copied once, and return the request's id.

        attendance: who counts; a model with processors has to know. Names of symbols go along only when they change.
        ModelError before the child is ready, for other features than the model's, or while a request is out. If the
        child is gone the id is returned all the same, and `receive` and `exit_fd` tell.
        """
        self._check(features, attendance)
        try:
            names = self._sheet.lay(features, attendance)
        except OSError as error:
            raise ModelError(f"there is no room for a section: {error}") from error
        self.outstanding = next(self._ids)
        stamp = 0 if attendance is None else attendance.stamp
        self._channel.send(Request(self.outstanding, bar, attempt, self._sheet.symbols, stamp, names))
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

    def _check(self, features: Floats, attendance: Attendance | None) -> None:
        if self.ready is None:
            raise ModelError("the executor is not ready; wait for its Ready message")
        if self.outstanding is not None:
            raise ModelError(f"request {self.outstanding} is still out; kill this executor and start another")
        wanted = len(self.ready.features)
        if features.ndim != 2 or len(features) != wanted:
            shape = list(features.shape)
            raise ModelError(f"model {self.ready.model} takes {wanted} features, [{wanted}, S], not {shape}")
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
        symbols = self._sheet.symbols
        if scored.symbols != symbols:
            return self._fail(
                "invalid", f"the model gave {amount(scored.symbols, 'value')} for {amount(symbols, 'symbol')}"
            )
        self.outstanding = None
        return Answer(scored.id, self._sheet.values(), self._sheet.silent())

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
