"""Times and durations as callers write them: whole ns, or the standard library's types."""

from __future__ import annotations

import operator
from datetime import UTC, datetime, timedelta
from typing import SupportsIndex

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LIMIT = 1 << 63

Time = SupportsIndex | datetime
Duration = SupportsIndex | timedelta


def time_ns(time: Time) -> int:
    """Ns since 1970 UTC; raises ValueError for a datetime without a zone, TypeError for what is no whole number."""
    if isinstance(time, datetime):
        if time.tzinfo is None:
            raise ValueError(f"{time.isoformat()} has no zone: give one, such as tzinfo=UTC, or ns since 1970 UTC")
        return _within((time - _EPOCH) // _MICROSECOND * 1000, "a time")
    return _within(_whole(time, "a time is whole ns since 1970 UTC, or a datetime with a zone"), "a time")


def duration_ns(duration: Duration) -> int:
    """Ns; raises ValueError for less than nothing, TypeError for what is neither a whole number nor a timedelta."""
    if isinstance(duration, timedelta):
        return _within(duration // _MICROSECOND * 1000, "a duration")
    return _within(_whole(duration, "a duration is whole ns, or a timedelta"), "a duration")


def _whole(value: SupportsIndex, wanted: str) -> int:
    if isinstance(value, bool):  # to Python a whole number: an argument in the wrong place
        raise TypeError(f"{wanted}, not {value!r}")
    try:
        return operator.index(value)
    except TypeError:
        raise TypeError(f"{wanted}, not {value!r}") from None


def _within(value: int, what: str) -> int:
    if not 0 <= value < _LIMIT:
        raise ValueError(f"{what} is from 0 to 2**63 ns, not {value}")
    return value
