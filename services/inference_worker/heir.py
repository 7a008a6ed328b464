"""Who is to take an arm over: its children, how far it has come, and why it is wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from alphabus.messages import Factors
from services.inference_worker.actions import Told
from services.inference_worker.candidate import Candidate, Phase
from services.inference_worker.crew import Crew
from services.inference_worker.executor.exchange import Answer, Failed, Ready
from services.inference_worker.executor.happenings import Happened


@dataclass(frozen=True, slots=True)
class Heir:
    """A candidate with children of its own."""

    crew: Crew
    candidate: Candidate
    why: str

    @property
    def is_ready(self) -> bool:
        """Whether it may take over as far as it is concerned."""
        return self.candidate.phase is Phase.READY and self.crew.seat.is_ready

    @property
    def is_fit(self) -> bool:
        """Whether it has shown that it can serve."""
        return self.candidate.rehearsed and self.crew.seat.is_ready

    def receive(self) -> None:
        """Take what its children said."""
        for happened in self.crew.seat.receive():
            self._take(happened)

    def examine(
        self, own: Factors | None, used: Factors | None, plan: bytes, now: int, bar: int | None
    ) -> Iterator[Told]:
        """Bring it on: `own` and `used` are the newest factors of its plan, and of `plan`, which serves.

        `bar` is the newest section that was announced; None where sections wait for it.
        """
        if (rehearsal := self.candidate.rehearses(own, plan, now)) is not None:
            self.crew.seat.submit(rehearsal, 1)
        yield from self.candidate.look(own, used, now, bar)

    def _take(self, happened: Happened) -> None:
        match happened:
            case Ready():
                self.candidate.loaded()
            case Answer(values=values, silent=silent):
                self.candidate.answered(values, silent)
            case Failed(id=0) if not self.candidate.restarted:  # once more: it may have met with an accident
                self.crew.seat.replace()
                self.candidate.starts_anew()
            case Failed(reason=reason):
                self.candidate.failed(reason)
