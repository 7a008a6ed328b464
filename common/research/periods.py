"""Spans of a dataset: what is learnt from, what decides when to stop, and what judges in the end."""

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from common.errors import ConfigError, DatasetError
from common.market.durations import DAY_NS
from common.market.span import ANY_TIME, Span


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
    """Sections [first, last), of stamps in order of time, that lie within a span; DatasetError if there are none."""
    first, last = np.searchsorted(ascending(stamp), [span.first, span.last + 1]).tolist()
    if first == last:
        held = f"they run from {_day(stamp.min())} to {_day(stamp.max())}" if len(stamp) else "there are none"
        raise DatasetError(f"the {name} span ({shown(span)}) holds none of the bars: {held}")
    return first, last


def ascending(stamp: NDArray[np.int64]) -> NDArray[np.int64]:
    """Stamps that never descend: the hour that comes again when clocks go back belongs to the section before it.

    So spans that are apart as stamps have no section in common.
    """
    found: NDArray[np.int64] = np.maximum.accumulate(stamp)
    return found


def times_of(bars: pl.DataFrame, name: Segment, span: Span) -> tuple[int, int]:
    """First and last close time (ns) of the bars within a span; DatasetError if there are none."""
    sections = bars.select("time", "stamp").unique().sort("time", "stamp")
    first, last = sections_of(sections["stamp"].to_numpy(), name, span)
    return int(sections["time"][first]), int(sections["time"][last - 1])


def shown(span: Span) -> str:
    """A span for people; a last day that counts as a whole stands as that day."""
    midnight = span.last < ANY_TIME.last and (span.last + 1) % DAY_NS == 0
    return f"{_day(span.first)} to {_day(span.last + 1 - DAY_NS if midnight else span.last)}"


def _day(stamp: int | np.int64) -> str:
    if abs(int(stamp)) >= ANY_TIME.last:
        return "the beginning" if stamp < 0 else "the end"
    return str(np.datetime64(int(stamp), "ns").astype("datetime64[s]")).replace("T00:00:00", "").replace("T", " ")
