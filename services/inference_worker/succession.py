"""Who is to serve an arm after the model that serves, and who did before: that one stays loaded for a rollback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from common.models.records import ModelRef
from services.inference_worker.actions import Detail, Told
from services.inference_worker.candidate import Candidate, Phase, Trial
from services.inference_worker.crew import Crew
from services.inference_worker.executor.exchange import Failed
from services.inference_worker.executor.seat import Seat
from services.inference_worker.heir import Heir
from services.inference_worker.roster.post import Post


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
    """At most one heir on its way, and at most one model that served before."""

    def __init__(self, arm: str, setting: Setting) -> None:
        self._arm, self._setting = arm, setting
        self.before: Crew | None = None
        self.coming: Heir | None = None

    @property
    def crews(self) -> tuple[Crew, ...]:
        """All children that do not serve."""
        coming = None if self.coming is None else self.coming.crew
        return tuple(crew for crew in (self.before, coming) if crew is not None)

    def wake_ns(self) -> int | None:
        """When patience with the candidate's answer ends."""
        return None if self.coming is None else self.coming.candidate.wake_ns()

    def bring(self, post: Post, why: str, *, relieves: bool) -> None:
        """Have this model come, in place of any that was on its way; what served before needs no other child."""
        self.dismiss()
        candidate = Candidate(post.duty(self._arm, self._setting.capital), self._setting.trial, relieves=relieves)
        if self.before is not None and self.before.post.ref == post.ref and self.before.seat.is_ready:
            crew, self.before = self.before, None
            candidate.phase, candidate.rehearsed = Phase.WARMING, True
        else:
            crew = Crew(post, self._setting.seat(post))
        self.coming = Heir(crew, candidate, why)

    def dismiss(self) -> None:
        """Let go of the heir; one that has shown that it can serve may stay, where nobody else does."""
        # It may be wished for again, and then takes over without another rehearsal: it must have had one.
        if self.coming is not None and self.coming.is_fit and self.before is None:
            self.before, self.coming = self.coming.crew, None
        self.drop()

    def drop(self) -> None:
        """Let go of an heir that failed, for good."""
        if self.coming is not None:
            self.coming.crew.seat.close()
        self.coming = None

    def succeed(self, left: Crew, *, keep: bool) -> None:
        """The heir has taken over from another, which is the one before from now on, if that is worth keeping."""
        if self.before is not None:
            self.before.seat.close()
        self.before = left if keep and left.seat.is_ready else None
        if self.before is None:
            left.seat.close()
        left.seat.keep_spare(spare=False)
        self.coming = None

    def receive(self) -> Iterator[Told]:
        """Take what the children said that do not serve."""
        if self.before is not None:
            yield from _lost(self.before)
        if self.coming is not None:
            self.coming.receive()


def _lost(before: Crew) -> Iterator[Told]:
    for happened in before.seat.receive():
        if isinstance(happened, Failed):
            detail: Detail = {"model": str(before), "pid": before.seat.replace(), "detail": happened.reason}
            yield Told("warning", "kept_model_lost", detail)
