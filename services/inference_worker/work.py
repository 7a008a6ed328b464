"""The executor as its arm sees it: idle, at work on one section, or gone; guarded by a breaker (pure)."""

from __future__ import annotations

from collections.abc import Iterator

from alphabus.messages import Factors, Reason
from services.inference_worker.actions import Action, Replace, Submit, Told
from services.inference_worker.agenda import Agenda, Task
from services.inference_worker.breaker import Breaker
from services.inference_worker.rules import NEVER_NS, Rules


class Work:
    """At most one section at a time; `failure` is what the last executor ended of, until another is ready."""

    def __init__(self, agenda: Agenda, breaker: Breaker, rules: Rules) -> None:
        self.task: Task | None = None
        self.since = 0
        self.idle = self.answered = False
        self.failure: Reason | None = None
        self.unready = 0
        """Executors in a row that ended before they were ready."""
        self.spoke = False
        """Whether the model has given an answer since it serves."""
        self.failures = 0
        """Executors that ended since it serves, until it spoke."""
        self._agenda, self._breaker, self._rules = agenda, breaker, rules

    def ready(self) -> None:
        """An executor waits for work."""
        self.idle, self.task, self.answered, self.failure, self.unready = True, None, False, None, 0

    def vacate(self) -> None:
        """Nobody can be started: as after so many that never became ready."""
        self.failures = self.unready = self._rules.attempts
        self.failure = Reason.CRASH

    def renew(self, now: int) -> list[Told]:
        """Another model serves: its executor waits for work, and nothing is held against it."""
        self.ready()
        self.pardon()
        self.spoke = False
        return self._breaker.renew(now)

    def pardon(self) -> None:
        """Forget what executors failed at."""
        self._agenda.absolve()
        self.failures = self.unready = 0

    def submit(self, task: Task, factors: Factors, now: int) -> Iterator[Action]:
        """Hand a section over; the first one after the breaker was open is a probe."""
        yield from self._breaker.admit(now)
        self.idle, self.task, self.since = False, task, now
        yield Submit(factors, task.attempts + 1, self._breaker.probing)

    def reads(self) -> None:
        """Its answer is being read: whatever is found out now, the child that gave it is sound."""
        self.answered = True

    def release(self, now: int) -> list[Told]:
        """It has answered, and waits for work again; too slow is a bad call, too."""
        task, took = self.task, now - self.since
        self.ready()
        if task is None:
            return []
        missed = self.since < self._agenda.deadline(task) <= now
        return self._breaker.ended(now, "slow" if missed or took > self._rules.breaker.slow_ns else "")

    def lose(self, reason: Reason, now: int) -> list[Told]:
        """It is gone; its section, if it had one, may be tried again."""
        self.unready += self.task is None and not self.idle
        self.failures += not self.spoke
        if self.task is not None:
            self.task.attempts += 1
            self.task.failure = reason
        self.idle, self.task, self.answered, self.failure = False, None, False, reason
        return self._breaker.ended(now, reason.value)

    def replace(self, reason: Reason, now: int) -> list[Action]:
        """Have it killed."""
        return [Replace(reason), *self.lose(reason, now)]

    def give_up(self, task: Task, now: int) -> list[Action]:
        """Nobody wants its answer to this section any more: a child that still computes it is killed."""
        return self.replace(Reason.TIMEOUT, now) if self.task is task and not self.answered else []

    def give_up_hung(self, now: int) -> list[Action]:
        """Have it killed when it has been silent for too long, whatever it was given."""
        return self.replace(Reason.TIMEOUT, now) if now >= self.hung_ns() else []

    def hung_ns(self) -> int:
        """When patience with it ends; with one whose section is closed it does not last longer than a late answer."""
        if self.task is None:
            return NEVER_NS
        patience = self._rules.hang_after_ns
        return self.since + (patience if self._agenda.owes(self.task) else min(patience, self._rules.late_until_ns))
