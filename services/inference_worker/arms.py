"""One arm: every announced section gets its signal in order, on time or marked (pure).

The service tells what happened (`add`, `ready`, `answered`, `failed`), calls `step`, and does what comes back. Time is
handed in, monotonic, in ns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Factors, Flag, Reason, Signals
from services.inference_worker.composition import Spoken, Voice, computed, flag_symbols, held, speak
from services.inference_worker.rules import NEVER_NS, Rules
from services.inference_worker.section import Section


@dataclass(frozen=True, slots=True)
class Publish:
    """Send this section."""

    signals: Signals


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand these factors to the executor."""

    factors: Factors
    attempt: int


@dataclass(frozen=True, slots=True)
class Replace:
    """Kill the executor and start another."""

    reason: Reason


Action = Publish | Submit | Replace


@dataclass(slots=True)
class _Task:
    """What this arm did about one section."""

    section: Section
    attempts: int = 0
    failure: Reason | None = None
    published: bool = False


class Arm:
    """Decides what is published when; at most one section is with the executor at a time."""

    def __init__(self, voice: Voice, features: Sequence[str], rules: Rules) -> None:
        self.voice, self.features, self.rules = voice, tuple(features), rules
        self.previous: Spoken | None = None
        self.last_bar = 0
        self._open: dict[int, _Task] = {}
        self._idle = False
        self._busy: _Task | None = None
        self._busy_since = 0
        self._last_failure: Reason | None = None

    @property
    def done(self) -> bool:
        """No section is owed any more."""
        return not self._open

    def add(self, section: Section) -> None:
        """Owe a signal for an announced section, unless it was published before."""
        if section.bar > self.last_bar:
            self._open.setdefault(section.bar, _Task(section))

    def forget(self) -> None:
        """Another journal: its numbers mean other sections."""
        self._open.clear()
        self._busy = None
        self.last_bar = 0
        self.previous = None

    def ready(self) -> None:
        """An executor waits for work; what ended the one before it is no reason any more."""
        self._idle, self._last_failure = True, None

    def failed(self, reason: Reason) -> None:
        """The executor is gone; its section, if it had one, may be tried again."""
        self._idle, self._last_failure = False, reason
        if self._busy is not None:
            self._busy.attempts += 1
            self._busy.failure = reason
            self._busy = None

    def answered(self, values: NDArray[np.float64], now: int, *, gap: bool = False) -> list[Action]:
        """Take the executor's answer; publish it, or replace an executor that gives nonsense."""
        task, self._busy = self._busy, None
        # What is due comes first: an answer that was read after the deadline is late, whenever it was given.
        actions = list(self._close_sections(now, gap=gap))
        if task is None or task.section.factors is None or self._open.get(task.section.bar) is not task:
            self._idle = True
            return actions
        flags = flag_symbols(task.section.factors, self.features, self.rules.min_features)
        if not np.isfinite(values[flags == Flag.OK]).all():
            self._busy = task
            return [*actions, self._replace(Reason.INVALID)]
        self._idle, self._last_failure = True, None
        spoken = speak(task.section, task.section.factors, values, flags, self.voice.model)
        signals = computed(task.section, spoken, self.voice, late=task.published, asked_ns=self._busy_since, now_ns=now)
        self.previous = spoken
        self._close(task)
        return [*actions, Publish(signals)]

    def step(self, now: int, *, gap: bool = False) -> list[Action]:
        """What is to be done at this moment; `gap` says that factors are known to be missing on the link."""
        actions = [*self._give_up_hung(now), *self._close_sections(now, gap=gap)]
        head = self._head
        if self._idle and head is not None and head.section.factors is not None:
            self._idle, self._busy, self._busy_since = False, head, now
            actions.append(Submit(head.section.factors, head.attempts + 1))
        return actions

    def wake_ns(self) -> int | None:
        """When `step` has something to do though nothing came."""
        times = [self._busy_since + self.rules.hang_after_ns] if self._busy is not None else []
        if (head := self._head) is not None:
            times.append(self._gives_up_at(head) if head.published else self._deadline(head))
        soonest = min(times, default=NEVER_NS)
        return None if soonest >= NEVER_NS else soonest

    @property
    def _head(self) -> _Task | None:
        """The oldest section that is still open: nothing is said of another before it is closed."""
        return next(iter(self._open.values()), None)

    def _close_sections(self, now: int, *, gap: bool) -> Iterator[Action]:
        while (task := self._head) is not None:
            if not task.published:
                reason = self._why_not(task, now, gap=gap)
                if reason is None:
                    return
                task.published = True
                yield Publish(held(task.section, self.previous, self.voice, reason, self.rules.max_age_bars))
            if not (self._is_lost(task) or now >= self._gives_up_at(task)):
                return
            if task is self._busy:
                yield self._replace(Reason.TIMEOUT)
            self._close(task)

    def _close(self, task: _Task) -> None:
        self.last_bar = task.section.bar
        del self._open[task.section.bar]

    def _why_not(self, task: _Task, now: int, *, gap: bool) -> Reason | None:
        section = task.section
        due = now >= self._deadline(task)
        # The factors of a partial section name its universe; only a deadline does without.
        if self._is_partial(section) and (section.factors is not None or section.missed or due):
            return Reason.COVERAGE
        if section.missed:
            return Reason.GAP
        if task.attempts >= self.rules.attempts:
            return task.failure
        if not due:
            return None
        if section.factors is None:
            return Reason.GAP if gap else Reason.NO_BARS if section.coverage is None else Reason.NO_FACTORS
        return task.failure or self._last_failure or Reason.TIMEOUT

    def _is_lost(self, task: _Task) -> bool:
        """No values of its own will ever come of it."""
        return task.section.missed or self._is_partial(task.section) or task.attempts >= self.rules.attempts

    def _give_up_hung(self, now: int) -> Iterator[Action]:
        if self._busy is not None and now - self._busy_since >= self.rules.hang_after_ns:
            yield self._replace(Reason.TIMEOUT)

    def _replace(self, reason: Reason) -> Replace:
        self.failed(reason)
        return Replace(reason)

    def _is_partial(self, section: Section) -> bool:
        return section.coverage is not None and section.coverage < self.rules.min_coverage

    def _deadline(self, task: _Task) -> int:
        return task.section.due_ns + self.rules.deadline_ns

    def _gives_up_at(self, task: _Task) -> int:
        """A late answer is welcome until `late_until`, or until the next section is due."""
        following = [other.section.due_ns for bar, other in self._open.items() if bar > task.section.bar]
        return min([task.section.due_ns + self.rules.late_until_ns, *following])
