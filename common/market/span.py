"""A span of stamps, from two texts as people write dates."""

from dataclasses import dataclass
from datetime import date
from typing import Self

import numpy as np

from common.errors import ConfigError
from common.market.dates import read_moment
from common.market.durations import DAY_NS

_EVER = 2**62


@dataclass(frozen=True, slots=True)
class Span:
    """Stamps (ns, as the source writes them) from `first` to `last`, both included."""

    first: int = -_EVER
    last: int = _EVER

    @classmethod
    def of(cls, start: str | None, end: str | None) -> Self:
        """Between two dates or times, either left out; a date as the end means that whole day. ConfigError if none."""
        first = -_EVER if start is None else _stamp(start)
        last = _EVER if end is None else _stamp(end)
        last += DAY_NS - 1 if end is not None and _is_day(end) else 0
        if first > last:
            raise ConfigError(f"the span from {start} to {end} ends before it starts")
        return cls(first, last)


def _stamp(text: object) -> int:
    try:
        moment = read_moment(str(text))
    except ValueError as error:
        raise ConfigError(str(error)) from error
    if moment.tzinfo is not None:
        raise ConfigError(f"{text!r} has a zone; write it as the bars' stamps are, without one")
    # In ns, 64 bits end within the year 2262: what lies beyond is any time.
    since = 1_000 * int(np.datetime64(moment, "us").astype(np.int64))
    return min(max(since, -_EVER), _EVER)


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


ANY_TIME = Span()
