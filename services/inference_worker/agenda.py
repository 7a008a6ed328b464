"""The sections an arm still owes a signal, oldest first, and until when (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from alphabus.messages import Factors, Reason
from services.inference_worker.rules import Rules
from services.inference_worker.section import Section


@dataclass(slots=True, eq=False)
class Task:
    """What an arm did about one section."""

    section: Section
    attempts: int = 0
    failure: Reason | None = None
    published: bool = False

    def factors(self, plan: bytes) -> Factors | None:
        """The factors of a plan, if they are there."""
        return self.section.factors.get(plan)


class Agenda:
    """Open tasks in order: nothing is said of a section before the ones before it are closed."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._open: dict[int, Task] = {}

    @property
    def head(self) -> Task | None:
        """The oldest section that is still open."""
        return next(iter(self._open.values()), None)

    def add(self, section: Section) -> None:
        """Owe a signal, once."""
        self._open.setdefault(section.bar, Task(section))

    def close(self, task: Task) -> None:
        """Nothing more will be said of it."""
        del self._open[task.section.bar]

    def clear(self) -> None:
        """Owe nothing."""
        self._open.clear()

    def absolve(self) -> None:
        """Another model is not guilty of what the one before it failed at."""
        for task in self._open.values():
            task.attempts, task.failure = 0, None

    def owes(self, task: Task) -> bool:
        """Whether something may still be said of it."""
        return self._open.get(task.section.bar) is task

    def deadline(self, task: Task) -> int:
        """When the fallback goes out."""
        return task.section.due_ns + self._rules.deadline_ns

    def gives_up_at(self, task: Task) -> int:
        """A late answer is welcome until `late_until`, or until the next section is due."""
        following = [other.section.due_ns for bar, other in self._open.items() if bar > task.section.bar]
        return min([task.section.due_ns + self._rules.late_until_ns, *following])
