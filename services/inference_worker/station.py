"""One arm at work: what it decides is done to its children; what is to be said is returned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from alphabus.messages import Factors, Reason
from common.models.records import ModelRef
from services.inference_worker.actions import Action, Publish, Replace, Submit, Told
from services.inference_worker.arms import Arm
from services.inference_worker.board import Board
from services.inference_worker.candidate import Candidate, Phase, Trial
from services.inference_worker.crew import Crew
from services.inference_worker.exchange import Answer, Failed, Ready
from services.inference_worker.post import Post
from services.inference_worker.seat import REASONS, Happened, Seat, Spare

HOPELESS = 3
"""So often a model that never spoke may fail to load, or answer nonsense, before what served last is taken instead."""


@dataclass(frozen=True, slots=True)
class Swap:
    """One model took over from another, or failed to; for the history."""

    source: ModelRef
    target: ModelRef
    failed: bool
    why: str


@dataclass(frozen=True, slots=True)
class Setting:
    """What a station is made with: how to seat a model, and what else could serve the arm."""

    capital: float
    spare: bool
    trial: Trial
    seat: Callable[[Post], Seat]
    served_before: Callable[[Post], Post | None]


class Station:
    """An arm, who serves it, who is to serve it, and who did: that one stays loaded for a rollback."""

    def __init__(self, name: str, arm: Arm, post: Post, setting: Setting) -> None:
        self.name, self.arm, self._setting = name, arm, setting
        self.serving = Crew(post, setting.seat(post))
        self.serving.seat.keep_spare(spare=setting.spare)
        self.before: Crew | None = None
        self.coming: Crew | None = None
        self.loaded = False
        self._candidate: Candidate | None = None
        self._spoke, self._failures = False, 0
        self._why = ""

    @property
    def settled(self) -> bool:
        """Whether it is known how the first child fared: it is ready, or none will be for a while."""
        return self.loaded or self._failures >= HOPELESS

    @property
    def topics(self) -> list[tuple[bytes, str]]:
        """The factor topics it needs, each with its plan; that of the model that serves first."""
        return [(crew.plan, crew.post.factor_topic) for crew in self._crews]

    def handles(self) -> list[object]:
        """What tells of the children."""
        return [handle for crew in self._crews for handle in crew.seat.handles()]

    def wake_ns(self) -> int | None:
        """When something is to be done though nothing came."""
        times = [self.arm.wake_ns(), *(crew.seat.wake_ns() for crew in self._crews)]
        times.append(None if self._candidate is None else self._candidate.wake_ns())
        return min((time for time in times if time is not None), default=None)

    def close(self) -> None:
        """Kill all children."""
        for crew in self._crews:
            crew.seat.close()

    # What happens.

    def receive(self, now: int, *, gap: bool) -> Iterator[Action | Swap]:
        """Take what the children said."""
        seat = self.serving.seat
        for happened in seat.receive():
            pid = seat.pid
            yield from self._take(happened, now, gap=gap)
            if seat.pid != pid:  # what a child that was replaced said after that is no word of the one in its place
                break
        if self.before is not None and any(isinstance(it, Failed) for it in self.before.seat.receive()):
            self.before.seat.replace()
        if self.coming is not None:
            for happened in self.coming.seat.receive():
                self._take_of_candidate(happened)

    def step(self, now: int, newest: Mapping[bytes, Factors], board: Board, *, gap: bool) -> Iterator[Action | Swap]:
        """Bring the candidate on, switch to it between two bars, then let the arm do what is to be done."""
        if self._candidate is not None and self.coming is not None:
            yield from self._consider(self._candidate, self.coming, now, newest, board)
        yield from self.act(self.arm.step(now, gap=gap))

    def act(self, actions: Iterable[Action]) -> Iterator[Action | Swap]:
        """Do to the child what the arm wants done; return the rest."""
        for action in actions:
            match action:
                case Submit(factors=factors, attempt=attempt, probe=probe):
                    self.serving.seat.submit(factors, attempt, probe=probe)
                case Replace(reason=reason):
                    yield self._replace(reason, "given up by the arm")
                    if reason is Reason.INVALID:
                        yield from self._despair("it answers NaN or infinity")
                case Publish(signals=signals):
                    self._spoke = self._spoke or not signals.reason
                    yield action
                case _:
                    yield action

    # Another model.

    def wish(self, post: Post, why: str) -> Iterator[Action]:
        """Bring this model in, in place of any that was on its way; what served before is still loaded."""
        self._dismiss_candidate()
        if post.ref == self.serving.post.ref:
            return
        self._why = why
        duty = post.duty(self.name, self._setting.capital)
        self._candidate = Candidate(duty, self._setting.trial)
        if self.before is not None and self.before.post.ref == post.ref and self.before.seat.is_ready:
            self.coming, self.before = self.before, None
            self._candidate.phase = Phase.WARMING
        else:
            self.coming = Crew(post, self._setting.seat(post))
        yield Told("info", "swap_begins", {"model": str(post.ref), "serving": str(self.serving)})

    def refuse(self, ref: ModelRef, why: str) -> Iterator[Action | Swap]:
        """Say that a model cannot take over; the one that serves is not touched, any other on its way is let go of."""
        self._dismiss_candidate()
        yield Swap(self.serving.post.ref, ref, failed=True, why=why)
        yield Told("error", "swap_failed", {"model": str(ref), "serving": str(self.serving), "detail": why})

    def _take(self, happened: Happened, now: int, *, gap: bool) -> Iterator[Action | Swap]:
        match happened:
            case Ready():
                self.loaded = True
                yield from self._tell_ready(happened)
                self.arm.ready()
            case Answer(values=values, silent=silent):
                yield from self.act(self.arm.answered(values, now, gap=gap, silent=silent))
            case Spare(pid=pid, lost=lost):
                detail = {"pid": str(pid), "detail": lost}
                yield Told("warning", "spare_lost", detail) if lost else Told("info", "spare_ready", detail)
            case Failed(cause=cause, reason=reason):
                yield self._replace(REASONS[cause], reason)
                yield from self.act(self.arm.failed(REASONS[cause], now, gap=gap))
                if cause == "load":
                    yield from self._despair(reason)

    def _take_of_candidate(self, happened: Happened) -> None:
        candidate, coming = self._candidate, self.coming
        if candidate is None or coming is None:
            return
        match happened:
            case Ready():
                candidate.loaded()
            case Answer(values=values, silent=silent):
                candidate.answered(values, silent)
            case Failed(id=0) if coming.seat.starts == 1:  # once more: it may have met with an accident
                coming.seat.replace()
                candidate.phase = Phase.LOADING
            case Failed(reason=reason):
                candidate.failed(reason)

    def _consider(
        self, candidate: Candidate, coming: Crew, now: int, newest: Mapping[bytes, Factors], board: Board
    ) -> Iterator[Action | Swap]:
        own, used = newest.get(coming.plan), newest.get(self.serving.plan)
        if (rehearsal := candidate.rehearses(own, self.serving.plan, now)) is not None:
            coming.seat.submit(rehearsal, 1)
        yield from candidate.look(own, used, now)
        if used is not None and self.arm.is_too_old(candidate.duty, used.time):
            candidate.failed("its training ended longer ago than inference.max_model_age_days")
        if candidate.phase is Phase.FAILED:
            yield from self._dismiss(candidate, coming)
        elif (
            candidate.phase is Phase.READY
            and coming.seat.is_ready
            and self.arm.can_swap
            and board.has_all(coming.plan, self.arm.last_bar)
        ):
            yield from self._switch(candidate, coming, now)

    def _switch(self, candidate: Candidate, coming: Crew, now: int) -> Iterator[Action | Swap]:
        """Between two bars; the one that served before the one that served is not needed any more."""
        left, self.serving, self.coming, self._candidate = self.serving, coming, None, None
        if self.before is not None:
            self.before.seat.close()
        self.before = left if left.seat.is_ready else None
        if self.before is None:
            left.seat.close()
        left.seat.keep_spare(spare=False)
        coming.seat.keep_spare(spare=self._setting.spare)
        self.loaded = self._spoke = True
        yield from self.act(self.arm.swap(candidate.duty, now))
        yield Swap(left.post.ref, coming.post.ref, failed=False, why=self._why)
        yield Told("info", "swapped", {"from": str(left), "to": str(coming), "bar": str(self.arm.last_bar + 1)})

    def _dismiss(self, candidate: Candidate, coming: Crew) -> Iterator[Action | Swap]:
        coming.seat.close()
        self.coming, self._candidate = None, None
        yield from self.refuse(coming.post.ref, candidate.reason)

    def _despair(self, reason: str) -> Iterator[Action | Swap]:
        """A model that never spoke and fails again and again: what served last is brought in."""
        self._failures += not self._spoke
        if self._spoke or self._failures < HOPELESS or self.coming is not None:
            return
        if (post := self._setting.served_before(self.serving.post)) is not None:
            yield Swap(post.ref, self.serving.post.ref, failed=True, why=reason)
            yield Told("error", "model_unfit", {"model": str(self.serving), "wanted": str(post.ref), "detail": reason})
            yield from self.wish(post, f"{self.serving} is unfit: {reason}")

    def _replace(self, reason: Reason, detail: str) -> Told:
        pid = self.serving.seat.replace()
        return Told("warning", "executor_replaced", {"reason": reason.value, "detail": detail, "pid": str(pid)})

    def _tell_ready(self, ready: Ready) -> Iterator[Action]:
        seat = self.serving.seat
        facts = {"pid": str(seat.pid), "start": str(seat.starts), "scorer": ready.scorer}
        yield Told("info", "executor_ready", {"model": str(self.serving), **facts})
        # The library scores although something is faster: worth a line, and if it had other bits, a person.
        if ready.refusal:
            level = "warning" if ready.alarming else "info"
            yield Told(level, "scorer_refused", {"scorer": ready.scorer, "detail": ready.refusal})

    def _dismiss_candidate(self) -> None:
        if self.coming is not None:
            # It may be wished for again, and then takes over without another rehearsal: it must have had one.
            fit = self._candidate is not None and self._candidate.rehearsed and self.coming.seat.is_ready
            if self.before is None and fit:
                self.before = self.coming
            else:
                self.coming.seat.close()
        self.coming = self._candidate = None

    @property
    def _crews(self) -> tuple[Crew, ...]:
        return tuple(crew for crew in (self.serving, self.before, self.coming) if crew is not None)
