"""One bar time as the worker knows it, shared by all arms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from alphabus.messages import Announcement, Factors, Mode


@dataclass(slots=True)
class Section:
    """Filled in as announcements and factors arrive; `due_ns` is on the monotonic clock."""

    journal: bytes
    bar: int
    mode: Mode
    time: int
    stamp: int
    due_ns: int
    coverage: float | None = None
    factors: Factors | None = None
    latency: Mapping[str, int] = field(default_factory=dict)
    filled_ns: int = 0
    """When its factors were there, on the monotonic clock."""
    recalled: bool = False
    """First heard of from the feed's record, not when it was announced."""
    missed: bool = False
    """Its time passed while this worker was away, or its factors never came: it cannot be fresh any more."""

    @classmethod
    def announced(cls, announcement: Announcement, now_ns: int, *, recalled: bool = False) -> Section:
        """A section that was heard of just now."""
        due_ns = now_ns + announcement.due_in_ns
        return cls(
            announcement.journal, announcement.bar, announcement.mode, announcement.time, announcement.stamp, due_ns,
            recalled=recalled,
        )  # fmt: skip
