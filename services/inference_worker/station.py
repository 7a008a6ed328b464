"""One arm at work: what it decides is done to its children; what is to be said is returned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from alphabus.messages import Factors, Reason
from common.models.records import ModelRef
from services.inference_worker.actions import Action, Detail, Replace, Submit, Swap, Told
from services.inference_worker.arms import Arm
from services.inference_worker.board import Board
from services.inference_worker.candidate import Phase
from services.inference_worker.crew import Crew
from services.inference_worker.executor.exchange import Answer, Failed, Ready
from services.inference_worker.executor.happenings import REASONS, Happened, Spare
from services.inference_worker.heir import Heir
from services.inference_worker.readiness import readiness
from services.inference_worker.relief import Relief
from services.inference_worker.roster.post import Post
from services.inference_worker.succession import Setting, Succession

LOADS = 3
"""After so many children that never became ready nobody waits for the next one to start."""

GIVEN_UP: Mapping[Reason, str] = {Reason.INVALID: "it answered NaN or infinity", Reason.TIMEOUT: "no answer in time"}


class Station:
    """An arm, and who serves it; it changes hands between two bars."""

    def __init__(self, name: str, arm: Arm, post: Post, setting: Setting) -> None:
        self.name, self.arm, self._setting = name, arm, setting
        self.serving = Crew(post, setting.seat(post))
        self.serving.seat.keep_spare(spare=setting.spare)
        self.succession, self._relief = Succession(name, setting), Relief(setting.served_before)
        self.loaded, self._trouble = False, post.trouble
        arm.relieve(possible=True)
        if post.is_vacant:
            arm.vacate()

    @property
    def settled(self) -> bool:
        """Whether it is known how the first child fared: it is ready, or none will be for a while."""
        return self.loaded or self.serving.post.is_vacant or self.arm.unready >= LOADS

    @property
    def topics(self) -> list[tuple[bytes, str]]:
        """The factor topics it needs, each with its plan; that of the model that serves first."""
        return [(crew.plan, crew.post.factor_topic) for crew in self.crews if not crew.post.is_vacant]

    @property
    def crews(self) -> tuple[Crew, ...]:
        """Whoever has children here; the model that serves first."""
        return (self.serving, *self.succession.crews)

    def handles(self) -> list[object]:
        """What tells of the children."""
        return [handle for crew in self.crews for handle in crew.seat.handles()]

    def wake_ns(self) -> int | None:
        """When something is to be done though nothing came."""
        times = [self.arm.wake_ns(), self.succession.wake_ns(), *(crew.seat.wake_ns() for crew in self.crews)]
        return min((time for time in times if time is not None), default=None)

    def close(self) -> None:
        """Kill all children."""
        for crew in self.crews:
            crew.seat.close()

    # What happens.

    def receive(self, now: int, *, gap: bool) -> Iterator[Action]:
        """Take what the children said."""
        seat = self.serving.seat
        for happened in seat.receive():
            pid = seat.pid
            yield from self._take(happened, now, gap=gap)
            if seat.pid != pid:  # what a child that was replaced said after that is no word of the one in its place
                break
        yield from self.succession.receive()

    def step(self, now: int, newest: Mapping[bytes, Factors], board: Board, *, gap: bool) -> Iterator[Action]:
        """Bring the candidate on, switch to it between two bars, then let the arm do what is to be done."""
        if self.arm.unfit and self.succession.coming is None:
            yield from self._relieve()
        if (heir := self.succession.coming) is not None:
            yield from self._consider(heir, now, newest, board)
        yield from self.act(self.arm.step(now, gap=gap))

    def act(self, actions: Iterable[Action]) -> Iterator[Action]:
        """Do to the child what the arm wants done; return the rest."""
        for action in actions:
            match action:
                case Submit(factors=factors, attempt=attempt, probe=probe):
                    self.serving.seat.submit(factors, attempt, probe=probe)
                case Replace(reason=reason):
                    yield self._replace(reason, GIVEN_UP[reason])
                case _:
                    yield action

    # Another model.

    def wish(self, post: Post, why: str, now: int) -> Iterator[Action]:
        """Bring this model in, in place of any other that was on its way; a new word, and a new trial for all."""
        self._relief.forgive()
        coming = self.succession.coming
        if coming is not None and coming.crew.post == post:
            return
        if post.ref == self.serving.ref:
            self.succession.dismiss()
            yield from self.arm.pardon(now)
        else:
            yield from self._bring(post, why, relieves=False)

    def refuse(self, ref: ModelRef, why: str) -> Iterator[Action]:
        """Say that a model cannot take over; the one that serves is not touched, any other on its way is let go of."""
        self.succession.dismiss()
        yield from self._refused(ref, why)

    def _bring(self, post: Post, why: str, *, relieves: bool) -> Iterator[Action]:
        self.succession.bring(post, why, relieves=relieves)
        yield Told("info", "swap_begins", {"model": str(post.ref), "serving": str(self.serving)})

    def _consider(self, heir: Heir, now: int, newest: Mapping[bytes, Factors], board: Board) -> Iterator[Action]:
        candidate, plan, used = heir.candidate, heir.candidate.duty.plan, newest.get(self.serving.plan)
        waited_for = self.arm.unfit and not board.deadline and not self.arm.done
        bar = None if waited_for else board.newest_bar
        yield from heir.examine(newest.get(plan), used, self.serving.plan, now, bar)
        seen = newest.get(plan) if self.serving.post.is_vacant else used
        if seen is not None and self.arm.is_too_old(candidate.duty, seen.time):
            candidate.failed("its training ended longer ago than inference.max_model_age_days")
        if candidate.phase is Phase.FAILED:
            yield from self._dismiss(heir)
        elif (
            heir.is_ready
            and self.arm.can_swap
            # Sections that its factors passed over are for who serves; where nobody does they are given up in the end.
            and (board.has_all(plan, self.arm.last_bar) or (waited_for and candidate.is_idle_for_long(now)))
        ):
            yield from self._switch(heir, now)

    def _switch(self, heir: Heir, now: int) -> Iterator[Action]:
        """Between two bars; the one that served before the one that served is not needed any more."""
        left, self.serving, self.loaded = self.serving, heir.crew, True
        self.succession.succeed(left, keep=not heir.candidate.relieves)
        self.serving.seat.keep_spare(spare=self._setting.spare)
        yield from self.act(self.arm.swap(heir.candidate.duty, now))
        self.arm.relieve(possible=True)
        yield Swap(left.ref, self.serving.post.ref, failed=False, why=heir.why)
        yield Told("info", "swapped", {"from": str(left), "to": str(self.serving), "bar": self.arm.last_bar + 1})

    def _dismiss(self, heir: Heir) -> Iterator[Action]:
        self.succession.drop()
        yield from self._refused(heir.crew.post.ref, heir.candidate.reason)
        if heir.candidate.relieves:  # the next in line is asked in the next step, as long as there is one
            self._relief.rule_out(heir.crew.post.ref)

    def _refused(self, ref: ModelRef, why: str) -> Iterator[Action]:
        yield Swap(self.serving.ref, ref, failed=True, why=why)
        yield Told("error", "swap_failed", {"model": str(ref), "serving": str(self.serving), "detail": why})

    def _relieve(self) -> Iterator[Action]:
        """A model that never spoke and failed again and again, or nobody: what served last is brought in, if any.

        One that cannot take over either gives way to the one before it; what is told of the unfit one is told once.
        """
        unfit, trouble = self.serving.post, self._trouble
        is_news, post = self._relief.rule_out(unfit.ref), self._relief.next()
        wanted = "" if post is None else str(post.ref)
        if is_news and not unfit.is_vacant:  # that was told at the start
            yield Told("error", "model_unfit", {"model": str(self.serving), "wanted": wanted, "detail": trouble})
        if post is None:
            self.arm.relieve(possible=False)
            return
        if is_news and unfit.model.version:
            yield Swap(post.ref, unfit.ref, failed=True, why=trouble)
        why = trouble if unfit.is_vacant else f"{self.serving} is unfit: {trouble}"
        yield from self._bring(post, why, relieves=True)

    # The children of the model that serves.

    def _take(self, happened: Happened, now: int, *, gap: bool) -> Iterator[Action]:
        match happened:
            case Ready():
                self.loaded = True
                yield from readiness(self.serving, happened)
                self.arm.ready()
            case Answer(values=values, silent=silent):
                yield from self.act(self.arm.answered(values, now, gap=gap, silent=silent))
            case Spare(pid=pid, lost=lost):
                detail: Detail = {"pid": pid, "detail": lost}
                yield Told("warning", "spare_lost", detail) if lost else Told("info", "spare_ready", detail)
            case Failed(cause=cause, reason=reason):
                yield self._replace(REASONS[cause], reason)
                yield from self.act(self.arm.failed(REASONS[cause], now, gap=gap))

    def _replace(self, reason: Reason, detail: str) -> Told:
        pid, self._trouble = self.serving.seat.replace(), detail
        return Told("warning", "executor_replaced", {"reason": reason.value, "detail": detail, "pid": pid})
