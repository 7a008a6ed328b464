"""An arm's seat: the child that scores, a warm spare, and how soon one that failed is followed by another."""

from __future__ import annotations

from collections import deque
from itertools import count

from alphabus.clock import Clock
from alphabus.errors import AlphabusError
from alphabus.messages import Factors
from common.errors import ModelError
from common.restarts import SECOND
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.executor.exchange import Answer, Failed, Ready
from services.inference_worker.executor.executor import Executor
from services.inference_worker.executor.happenings import Happened, Spare
from services.inference_worker.executor.launch import Launch
from services.inference_worker.executor.schedule import LOAD_NS, Schedule


class Seat:
    """Starts, feeds, promotes and replaces executors, and never waits for one.

    `Ready` means that a child waits for work: the first one, or the spare in the place of one that failed.
    """

    def __init__(self, launch: Launch, clock: Clock, dying: Dying, *, spare: bool = False) -> None:
        self._launch, self._clock, self._dying, self._spare = launch, clock, dying, spare
        self._schedule, self._ids, self._starts = Schedule(), count(1), 0
        self._active: Executor | None = None
        self._reserve: Executor | None = None  # it loads, or it is the spare
        self._asked: Executor | None = None  # who was given the last section, or failed since
        self._unsaid: deque[Happened] = deque()
        self._start()

    @property
    def pid(self) -> int:
        """Process id of the child that scores, or loads to do so; 0 when the seat is empty."""
        child = self._active or self._reserve
        return 0 if child is None else child.pid

    @property
    def pids(self) -> tuple[int, ...]:
        """Process ids of all children of this seat."""
        return tuple(child.pid for child in self._children)

    @property
    def is_ready(self) -> bool:
        """Whether a child waits for work, or is at it."""
        return self._active is not None

    @property
    def starts(self) -> int:
        """How many children there were."""
        return self._starts

    def handles(self) -> list[object]:
        """What tells of messages and of the children's ends."""
        return [handle for child in self._children for handle in (child.fileno(), child.exit_fd())]

    def wake_ns(self) -> int | None:
        """When the next child is to be started, or the present one must have loaded."""
        if self._unsaid:
            return self._clock.monotonic_ns()
        return self._schedule.wake_ns

    def submit(self, factors: Factors, attempt: int, *, probe: bool = False) -> None:
        """Hand a section to the child; a probe goes to the spare where there is one."""
        ready = self._reserve is not None and self._reserve.ready is not None
        self._asked = self._reserve if probe and ready else self._active
        if self._asked is None:
            return
        try:
            self._launch.hand_over(self._asked, factors, attempt)
        except AlphabusError as error:  # the child is given up, not the worker
            self._unsaid.append(Failed(0, "crash", str(error)))

    def receive(self) -> list[Happened]:
        """What the children said; a Failed is the last, and `replace` follows it."""
        self._start_when_due()
        happened = list(self._unsaid)
        self._unsaid.clear()
        if any(isinstance(message, Failed) for message in happened):
            return happened
        for child in self._children:
            for message in self._said_by(child):
                happened += self._taken(child, message)
                if isinstance(message, Failed):
                    return happened
        return happened

    def replace(self) -> int:
        """Kill the child that was asked last or failed; the spare takes its place at once. Returns its process id."""
        culprit = self._asked or self._active or self._reserve
        if culprit is not None:
            self._lose(culprit)
            if self._active is not None and self._active.ready is not None:
                self._unsaid.append(self._active.ready)
        return 0 if culprit is None else culprit.pid

    def keep_spare(self, *, spare: bool) -> None:
        """Have a spare from now on, or none."""
        self._spare = spare
        if not spare and self._active is not None and self._reserve is not None:
            self._reserve.abandon(self._dying)
            self._reserve = None
            self._schedule.loaded()
        if self._reserve is None and self._active is not None:
            self._start_if(spare)

    def close(self) -> None:
        """Kill all children for good."""
        for child in self._children:
            child.abandon(self._dying)
        self._active = self._reserve = self._asked = None
        self._schedule.loaded()
        self._schedule.start_none()
        self._unsaid.clear()

    @property
    def _children(self) -> tuple[Executor, ...]:
        return tuple(child for child in (self._active, self._reserve) if child is not None)

    def _said_by(self, child: Executor) -> list[Ready | Answer | Failed]:
        said = []
        while (message := child.receive()) is not None:
            said.append(message)
            if isinstance(message, Failed):
                break
        if not said and (how := child.how_it_ended()) is not None:
            said.append(Failed(0, "crash" if child.ready else "load", how))
        if not said and child is self._reserve and self._schedule.is_late(self._clock.monotonic_ns()):
            said.append(Failed(0, "load", f"not ready {LOAD_NS // SECOND} s after its start"))
        return said

    def _taken(self, child: Executor, message: Ready | Answer | Failed) -> list[Happened]:
        match message:
            case Ready():
                return [self._seated(child, message)]
            case Failed() if self._is_in_reserve(child, message):
                self._lose(child)
                return [Spare(child.pid, message.reason)]
            case Failed():
                self._asked = child
        return [message]

    def _seated(self, child: Executor, ready: Ready) -> Ready | Spare:
        self._schedule.loaded()
        if self._active is not None:
            return Spare(child.pid)
        self._active, self._reserve = child, None
        self._start_if(self._spare)
        return ready

    def _is_in_reserve(self, child: Executor, failed: Failed) -> bool:
        """Whether the arm loses nothing with it: another child is at work, or ready to."""
        others = [other for other in self._children if other is not child]
        if any(other.outstanding is not None for other in others):
            return True
        at_work = failed.id != 0 or child.outstanding is not None
        return child is self._reserve and self._active is not None and not at_work

    def _lose(self, child: Executor) -> None:
        """Kill a child; the spare, or who is asked at the moment, is the active one from now on."""
        child.abandon(self._dying)
        if child is self._reserve:
            self._reserve = None
            self._schedule.loaded()
        else:
            self._active = None
            if self._reserve is not None and self._reserve.ready is not None:
                self._active, self._reserve = self._reserve, None
        if child is self._asked:
            self._asked = None
        now = self._clock.monotonic_ns()
        self._schedule.lost(now)
        if self._reserve is None and (self._spare or self._active is None):
            self._schedule.start_soon(now)

    def _start_if(self, wanted: bool) -> None:  # noqa: FBT001  one word
        if wanted:
            self._schedule.start_soon(self._clock.monotonic_ns())
        else:
            self._schedule.start_none()

    def _start_when_due(self) -> None:
        if self._schedule.is_due(self._clock.monotonic_ns()):
            self._start()

    def _start(self) -> None:
        self._starts += 1
        now = self._clock.monotonic_ns()
        self._schedule.started(now)
        try:
            self._reserve = self._launch.start(self._ids, self._starts)
        except ModelError as error:  # no process or descriptor left: tried again, like one that died
            self._schedule.loaded()
            self._schedule.lost(now)
            self._schedule.start_soon(now)
            self._unsaid.append(Failed(0, "load", str(error)) if self._active is None else Spare(0, str(error)))
