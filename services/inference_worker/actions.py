"""What an arm asks its worker to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from alphabus.messages import Factors, Reason, Signals, Status
from common.models.records import ModelRef
from services.inference_worker.standstill import LIMIT_NS

Detail = Mapping[str, str | int | float]
"""What there is to know beside the event: a number is one in the log."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Send this section; one that is fresh only until its deadline, since the worker may stand still before it does."""

    signals: Signals
    deadline_ns: int
    instead: Callable[[], Signals] | None = None
    """The fallback that goes out from then on; None where this is the fallback, or follows it."""

    def said(self, now: int) -> tuple[Signals, ...]:
        """What goes out at this moment: the section, or the fallback and right behind it the section as its revision.

        The revision is sent however late it is: what is held from here on are its values.
        """
        if self.instead is None or now < self.deadline_ns:
            return (self.signals,)
        return self.instead(), replace(self.signals, status=Status.LATE, revision=1)

    def is_overdue(self, now: int) -> bool:
        """Whether the deadline passed so long ago that the worker must have stood still meanwhile."""
        return now > self.deadline_ns + LIMIT_NS


@dataclass(frozen=True, slots=True)
class Submit:
    """Hand these factors to the executor; a `probe` to the spare, if there is one."""

    factors: Factors
    attempt: int
    probe: bool = False


@dataclass(frozen=True, slots=True)
class Replace:
    """Kill the executor and start another."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class Told:
    """Something a person should know: to be logged, counted by `event`, and sent as an alert."""

    level: str
    event: str
    detail: Detail = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Swap:
    """One model took over from another, or from nobody, or failed to; for the history."""

    source: ModelRef | None
    target: ModelRef
    failed: bool
    why: str


Action = Publish | Submit | Replace | Told | Swap
