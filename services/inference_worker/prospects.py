"""What may still become of a section, by the rules and by who serves (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from alphabus.messages import Reason
from services.inference_worker.age import ModelAge
from services.inference_worker.agenda import Agenda, Task
from services.inference_worker.breaker import Breaker
from services.inference_worker.duty import Duty
from services.inference_worker.rules import Rules
from services.inference_worker.work import Work


@dataclass(slots=True)
class Prospects:
    """Whether a section may get values of its own, and when it has to go out without them."""

    rules: Rules
    duty: Duty
    age: ModelAge
    breaker: Breaker
    agenda: Agenda
    work: Work
    halted: bool = False
    relievable: bool = False
    """Whether somebody else may be brought in, should the model on duty turn out to be unfit."""

    @property
    def model(self) -> str:
        """Name and version of who is on duty."""
        model = self.duty.voice.model
        return f"{model.name}/{model.version}"

    @property
    def unfit(self) -> bool:
        """Whether the model on duty never spoke, has failed too often, and somebody else may serve instead.

        Until it is known who, nothing is asked of it, and no section is given up for what it did.
        """
        return self.relievable and not self.work.spoke and self.work.failures >= self.rules.attempts

    def why_not(self, task: Task, now: int, *, gap: bool) -> Reason | None:
        """Why the fallback goes out now; None as long as there is hope and time."""
        due = now >= self.agenda.deadline(task)
        if (reason := self.hopeless(task, now)) is not None:
            at_once = reason is Reason.HALTED or due or self._names_its_universe(task)
            return reason if at_once else None
        if not due:
            return None
        if task.factors(self.duty.plan) is None and not self.duty.is_vacant:
            no_factors = Reason.NO_BARS if task.section.coverage is None else Reason.NO_FACTORS
            return Reason.GAP if gap else no_factors
        return task.failure or self.work.failure or Reason.TIMEOUT

    def hopeless(self, task: Task, now: int) -> Reason | None:
        """Why no values of its own will ever come of it, the first that holds."""
        section = task.section
        causes = (
            (Reason.HALTED, self.halted),
            (Reason.MODEL_AGE, self.age.is_over(self.duty, section.time)),
            (Reason.COVERAGE, section.coverage is not None and section.coverage < self.rules.min_coverage),
            (Reason.GAP, section.missed(self.duty.plan)),
        )
        return next((reason for reason, holds in causes if holds), None) or self._failed(task, now)

    def _failed(self, task: Task, now: int) -> Reason | None:
        """What the executors did to it, or what keeps it from them."""
        if self.unfit:
            return None
        if task.attempts >= self.rules.attempts:
            return task.failure
        if self.work.unready >= self.rules.attempts and self._names_its_universe(task):
            return self.work.failure
        return task.failure or Reason.BREAKER_OPEN if self._is_refused(task, now) else None

    def _names_its_universe(self, task: Task) -> bool:
        """Whether it is settled which symbols a section without values has: its factors name them, or never will."""
        return self.duty.is_vacant or task.factors(self.duty.plan) is not None or task.section.missed(self.duty.plan)

    def _is_refused(self, task: Task, now: int) -> bool:
        asks = task.factors(self.duty.plan) is not None and task is not self.work.task
        return asks and self.breaker.refuses(now)
