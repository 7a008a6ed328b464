"""Who is to serve an arm after the model that serves, and who did before: that one stays loaded for a rollback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from alphabus.messages import Factors
from common.models.records import ModelRef
from services.inference_worker.actions import Detail, Told
from services.inference_worker.candidate import Candidate, Phase, Trial
from services.inference_worker.crew import Crew
from services.inference_worker.exchange import Answer, Failed, Ready
from services.inference_worker.happenings import Happened
from services.inference_worker.post import Post
from services.inference_worker.seat import Seat


@dataclass(frozen=True, slots=True)
class Setting:
    """What a station is made with: how to seat a model, and what else could serve the arm."""

    capital: float
    spare: bool
    trial: Trial
    seat: Callable[[Post], Seat]
    served_before: Callable[[AbstractSet[ModelRef]], Post | None]
    """Who could serve again, of all but these."""


class Succession:
    """At most one candidate on its way, and at most one model that served before."""

    def __init__(self, arm: str, setting: Setting) -> None:
        self._arm, self._setting = arm, setting
        self.before: Crew | None = None
        self.coming: Crew | None = None
        self.candidate: Candidate | None = None
        self.why = ""
        """Why the one that is coming is wanted."""

    @property
    def crews(self) -> tuple[Crew, ...]:
        """All children that do not serve."""
        return tuple(crew for crew in (self.before, self.coming) if crew is not None)

    @property
    def is_ready(self) -> bool:
        """Whether the candidate may take over as far as it is concerned."""
        return self.candidate is not None and self.candidate.phase is Phase.READY and self._is_seated

    def wake_ns(self) -> int | None:
        """When patience with the candidate's answer ends."""
        return None if self.candidate is None else self.candidate.wake_ns()

    def bring(self, post: Post, why: str, *, relieves: bool) -> None:
        """Have this model come, in place of any that was on its way; what served before needs no other child."""
        self.dismiss()
        self.why = why
        duty = post.duty(self._arm, self._setting.capital)
        self.candidate = candidate = Candidate(duty, self._setting.trial, relieves=relieves)
        if self.before is not None and self.before.post.ref == post.ref and self.before.seat.is_ready:
            self.coming, self.before = self.before, None
            candidate.phase, candidate.rehearsed = Phase.WARMING, True
        else:
            self.coming = Crew(post, self._setting.seat(post))

    def dismiss(self) -> None:
        """Let go of the candidate; one that has shown that it can serve may stay, where nobody else does."""
        if self.coming is not None:
            # It may be wished for again, and then takes over without another rehearsal: it must have had one.
            fit = self.candidate is not None and self.candidate.rehearsed and self._is_seated
            if self.before is None and fit:
                self.before = self.coming
            else:
                self.coming.seat.close()
        self.coming = self.candidate = None

    def drop(self) -> None:
        """Let go of a candidate that failed, for good."""
        if self.coming is not None:
            self.coming.seat.close()
        self.coming = self.candidate = None

    def succeed(self, left: Crew, *, keep: bool) -> None:
        """The candidate has taken over from another, which is the one before from now on, if that is worth keeping."""
        if self.before is not None:
            self.before.seat.close()
        self.before = left if keep and left.seat.is_ready else None
        if self.before is None:
            left.seat.close()
        left.seat.keep_spare(spare=False)
        self.coming = self.candidate = None

    def receive(self) -> Iterator[Told]:
        """Take what the children said that do not serve."""
        if self.before is not None:
            yield from self._lost(self.before)
        if self.coming is not None and self.candidate is not None:
            for happened in self.coming.seat.receive():
                self._take(happened, self.candidate, self.coming)

    def examine(
        self, own: Factors | None, used: Factors | None, plan: bytes, now: int, bar: int | None
    ) -> Iterator[Told]:
        """Bring the candidate on: `own` and `used` are the newest factors of its plan, and of `plan`, which serves.

        `bar` is the newest section that was announced; None where sections wait for the candidate.
        """
        if self.candidate is None or self.coming is None:
            return
        if (rehearsal := self.candidate.rehearses(own, plan, now)) is not None:
            self.coming.seat.submit(rehearsal, 1)
        yield from self.candidate.look(own, used, now, bar)

    @property
    def _is_seated(self) -> bool:
        return self.coming is not None and self.coming.seat.is_ready

    def _lost(self, before: Crew) -> Iterator[Told]:
        for happened in before.seat.receive():
            if isinstance(happened, Failed):
                detail: Detail = {"model": str(before), "pid": before.seat.replace(), "detail": happened.reason}
                yield Told("warning", "kept_model_lost", detail)

    def _take(self, happened: Happened, candidate: Candidate, coming: Crew) -> None:
        match happened:
            case Ready():
                candidate.loaded()
            case Answer(values=values, silent=silent):
                candidate.answered(values, silent)
            case Failed(id=0) if not candidate.restarted:  # once more: it may have met with an accident
                coming.seat.replace()
                candidate.starts_anew()
            case Failed(reason=reason):
                candidate.failed(reason)
