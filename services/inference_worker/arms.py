"""One arm: every announced section gets its signal in order, on time or marked (pure).

The service tells what happened (`add`, `ready`, `answered`, `failed`), calls `step`, and does what comes back. Time is
handed in, monotonic, in ns.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Reason
from services.inference_worker.actions import Action, Told
from services.inference_worker.age import ModelAge
from services.inference_worker.agenda import Agenda, Task
from services.inference_worker.breaker import Breaker
from services.inference_worker.composition import Spoken
from services.inference_worker.duty import Duty
from services.inference_worker.prospects import Prospects
from services.inference_worker.rules import NEVER_NS, Rules
from services.inference_worker.section import Section
from services.inference_worker.speech import Judged, Speech
from services.inference_worker.work import Work


class Arm:
    """Decides what is published when; at most one section is with the executor at a time."""

    def __init__(self, duty: Duty, rules: Rules) -> None:
        self.rules = rules
        self.last_bar = 0
        self.breaker = Breaker(rules.breaker)
        self._age = ModelAge(rules.max_model_ns)
        self._speech, self._agenda = Speech(rules, self._age), Agenda(rules)
        self._work = Work(self._agenda, self.breaker, rules)
        self._prospects = Prospects(rules, duty, self._age, self.breaker, self._agenda, self._work)

    @property
    def duty(self) -> Duty:
        """Which model serves, and of which factors."""
        return self._prospects.duty

    @property
    def halted(self) -> bool:
        """Whether a person stopped it: no section gets values, neither what is open nor what is to come."""
        return self._prospects.halted

    @halted.setter
    def halted(self, halted: bool) -> None:
        self._prospects.halted = halted

    @property
    def previous(self) -> Spoken | None:
        """What was computed last."""
        return self._speech.previous

    # What the service tells.

    def recall(self, spoken: Spoken | None, bar: int) -> None:
        """Go on after this section, with what was computed last by then."""
        self._speech.previous, self.last_bar = spoken, bar

    @property
    def done(self) -> bool:
        """No section is owed any more."""
        return self._agenda.head is None

    def add(self, section: Section) -> None:
        """Owe a signal for an announced section, unless it was published before."""
        if section.bar > self.last_bar:
            self._agenda.add(section)

    def forget(self) -> None:
        """Another journal: its numbers mean other sections."""
        self._agenda.clear()
        self.recall(None, 0)

    def ready(self) -> None:
        """An executor waits for work; what ended the one before it is no reason any more."""
        self._work.ready()

    def failed(self, reason: Reason, now: int, *, gap: bool = False) -> list[Action]:
        """The executor is gone; its section, if it had one, may be tried again."""
        told = self._work.lose(reason, now)
        return [*self._close_sections(now, gap=gap), *told]

    def answered(
        self, values: NDArray[np.float64], now: int, *, gap: bool = False, silent: NDArray[np.bool_] | None = None
    ) -> list[Action]:
        """Take the executor's answer; publish it, or replace an executor that gives nonsense.

        silent: on whom the model has no opinion.
        """
        self._work.reads()
        # What is due comes first: an answer that was read after the deadline is late, whenever it was given.
        actions = list(self._close_sections(now, gap=gap))
        task = self._work.task
        if task is None or not self._agenda.owes(task) or (factors := task.factors(self.duty.plan)) is None:
            return [*actions, *self._work.release(now)]
        return [*actions, *self._take(task, self._speech.judge(factors, self.duty, values, silent), now)]

    def step(self, now: int, *, gap: bool = False) -> list[Action]:
        """What is to be done at this moment; `gap` says that factors are known to be missing on the link."""
        return [*self._work.give_up_hung(now), *self._close_sections(now, gap=gap), *self._submit(now)]

    def wake_ns(self) -> int | None:
        """When `step` has something to do though nothing came."""
        times = [self._work.hung_ns()]
        if (head := self._agenda.head) is not None:
            times.append(self._agenda.gives_up_at(head) if head.published else self._agenda.deadline(head))
        soonest = min(times)
        return None if soonest >= NEVER_NS else soonest

    # What the registry asks for.

    @property
    def can_swap(self) -> bool:
        """Between two bars: nothing is with the executor, and no late answer of this duty is awaited."""
        head = self._agenda.head
        return self._work.task is None and (head is None or not head.published)

    def is_too_old(self, duty: Duty, time: int) -> bool:
        """Whether a model of this duty would be past its date at a section of this time (ns)."""
        return self._age.is_over(duty, time)

    def swap(self, duty: Duty, now: int) -> list[Action]:
        """Serve another model from the next section on; its executor waits for work, and has failed at nothing."""
        self._prospects.duty = duty
        return [*self._work.renew(now)]

    def vacate(self) -> None:
        """There is nobody on duty; whoever is brought in begins with all attempts."""
        self._work.vacate()

    def relieve(self, *, possible: bool) -> None:
        """Whether somebody else may be brought in, should the model on duty turn out to be unfit."""
        self._prospects.relievable = possible

    def pardon(self, now: int) -> list[Told]:
        """The model on duty is wanted in spite of what it failed at; only a breaker that was forced stays open."""
        failed = {"failures": self._work.failures, "breaker": self.breaker.state.value}
        told = Told("warning", "model_pardoned", {"model": self._prospects.model, **failed})
        self.relieve(possible=True)
        self._work.pardon()
        return [told, *self.breaker.renew(now, "promoted_again")]

    @property
    def unfit(self) -> bool:
        """Whether the model on duty never spoke, failed too often, and may be relieved; it is not asked any more."""
        return self._prospects.unfit

    @property
    def unready(self) -> int:
        """Executors in a row that ended before they were ready."""
        return self._work.unready

    # Sections.

    def _close_sections(self, now: int, *, gap: bool) -> Iterator[Action]:
        while (task := self._agenda.head) is not None:
            if not task.published:
                reason = self._prospects.why_not(task, now, gap=gap)
                if reason is None:
                    return
                task.published = True
                deadline = self._agenda.deadline(task)
                yield from self._speech.instead(task.section, self.duty, reason, deadline_ns=deadline)
            if self._prospects.hopeless(task, now) is None:
                if now < self._agenda.gives_up_at(task):
                    return
                yield from self._work.give_up(task, now)
            self._close(task)

    def _close(self, task: Task) -> None:
        self.last_bar = task.section.bar
        self._agenda.close(task)

    # The executor.

    def _submit(self, now: int) -> Iterator[Action]:
        head = None if self.unfit else self._agenda.head
        if self._work.idle and head is not None and (factors := head.factors(self.duty.plan)) is not None:
            yield from self._work.submit(head, factors, now)

    def _take(self, task: Task, judged: Judged, now: int) -> Iterator[Action]:
        if judged.verdict.invalid:
            yield from self._work.replace(Reason.INVALID, now)
            return
        self._work.spoke = True
        deadline, times = self._agenda.deadline(task), (self._work.since, now)
        yield from self._speech.own(
            task.section, self.duty, judged, deadline_ns=deadline, late=task.published, times=times
        )
        self._close(task)
        yield from self._work.release(now)
