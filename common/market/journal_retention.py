"""How much of a journal is kept (pure): whole segments go, oldest first, and never what somebody still needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from common.market.journal_segments import Segment


@dataclass(frozen=True, slots=True)
class Retention:
    """Bounds of what is kept; None: no bound. They are goals: what is needed stays, and the newest segment."""

    max_bytes: int | None = None
    max_age_s: float | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A segment with its size, the seconds since it was written to, and the bar a journal could begin at with it."""

    segment: Segment
    bytes: int
    age_s: float
    begins: int | None


def surplus(kept: Sequence[Kept], retention: Retention, needed_bar: int) -> int:
    """How many of the oldest segments may go, so that everything from `needed_bar` on stays and can be read alone."""
    total, count, allowed = sum(each.bytes for each in kept), 0, 0
    for oldest, following in pairwise(kept):
        if not (_is_over(total, retention.max_bytes) or _is_over(oldest.age_s, retention.max_age_s)):
            break
        count, total = count + 1, total - oldest.bytes
        if following.begins is not None and following.begins <= needed_bar:
            allowed = count
    return allowed


def _is_over(value: float, most: float | None) -> bool:
    return most is not None and value > most
