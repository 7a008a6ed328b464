"""Spans of a dataset: what is learnt from, what decides when to stop, and what judges in the end."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Self

import numpy as np
from numpy.typing import NDArray

from common.errors import ConfigError, DatasetError
from common.market.span import Span


class Segment(StrEnum):
    """A part of a dataset, under vnpy's names."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Periods:
    """Spans of stamps (ns) to train and to validate on, in this order and apart."""

    train: Span
    valid: Span

    def __post_init__(self) -> None:
        check_order({Segment.TRAIN: self.train, Segment.VALID: self.valid})

    @classmethod
    def of(cls, train: tuple[str, str], valid: tuple[str, str]) -> Self:
        """From texts, as vnpy writes periods; a date as the end means that whole day."""
        return cls(span_of(*train), span_of(*valid))

    @property
    def settings(self) -> dict[str, list[int]]:
        """First and last stamp of each, for the training key."""
        return {
            name: [span.first, span.last] for name, span in ((Segment.TRAIN, self.train), (Segment.VALID, self.valid))
        }


def span_of(start: str, end: str) -> Span:
    """A span from two dates or times, both included; DatasetError if they are none, or in the wrong order."""
    try:
        return Span.of(start, end)
    except ConfigError as error:
        raise DatasetError(str(error)) from error


def read_span(text: str) -> Span:
    """A span written START..END, such as 2010-01-01..2014-12-31; DatasetError for any other text."""
    start, dots, end = text.partition("..")
    if not (dots and start and end):
        raise DatasetError(f"{text!r} is no span; write START..END, such as 2010-01-01..2014-12-31")
    return span_of(start, end)


def check_order(spans: dict[Segment, Span]) -> None:
    """Refuse spans that overlap, or of which a later one comes before an earlier one."""
    named = list(spans.items())
    for (before, first), (after, second) in pairwise(named):
        if second.first <= first.last:
            raise DatasetError(
                f"the {after} span ({shown(second)}) begins before the {before} span ({shown(first)}) is over; "
                "spans follow one another and never overlap"
            )


def sections_of(stamp: NDArray[np.int64], name: Segment, span: Span) -> tuple[int, int]:
    """Sections [first, last) from the first to the last one stamped within a span; DatasetError if there are none."""
    # Where clocks go back, stamps do not ascend.
    inside = np.flatnonzero((span.first <= stamp) & (stamp <= span.last))
    if not inside.size:
        held = f"they run from {_day(stamp[0])} to {_day(stamp[-1])}" if len(stamp) else "there are none"
        raise DatasetError(f"the {name} span ({shown(span)}) holds none of the bars: {held}")
    return int(inside[0]), int(inside[-1]) + 1


def shown(span: Span) -> str:
    """A span for people."""
    return f"{_day(span.first)} to {_day(span.last)}"


def _day(stamp: int | np.int64) -> str:
    # Beyond numpy's years a span is open.
    return str(np.datetime64(int(stamp), "ns").astype("datetime64[s]")).replace("T00:00:00", "").replace("T", " ")
