"""Which sections are learnt from and which decide when to stop, without a look ahead between them (pure)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.amounts import amount
from common.errors import TooFewRowsError
from common.research.periods import Periods, Segment, sections_of, shown

Mask = NDArray[np.bool_]
Sections = tuple[int, int]

MOST_TRIED = 100_000
"""Sections of history up to which it is looked for how many would do."""


@dataclass(frozen=True, slots=True)
class Cut:
    """Sections [first, last) of the parts, embargo taken off; no bar of section `limit` or later is seen.

    The embargo is as many sections as the label looks ahead. A symbol with holes loses more rows: see `complete`.
    """

    train: Sections
    validation: Sections
    limit: int

    @property
    def leaves_some(self) -> bool:
        """Whether a section is left of each part."""
        return all(first < last for first, last in (self.train, self.validation))


def complete(present: Mask, horizon_bars: int) -> Mask:
    """Bars [B, S] that `horizon_bars` more of their symbol's follow: a label is made of its symbol's own bars."""
    following = np.cumsum(present[::-1], axis=0)[::-1]
    found: Mask = present & (following > horizon_bars)
    return found


def cut_by_share(sections: int, horizon_bars: int, share: float) -> Cut:
    """Give the last `share` of the sections to validation; TooFewRowsError where nothing is left of a part."""
    cut = _shared_out(sections, horizon_bars, share)
    if not cut.leaves_some:
        enough = next((n for n in range(MOST_TRIED) if _shared_out(n, horizon_bars, share).leaves_some), None)
        needed = "" if enough is None else f", {enough} are needed"
        raise TooFewRowsError(
            f"{sections} sections of history are too few{needed}: the last {share:.0%} validate, the label looks "
            f"{bars_ahead(horizon_bars)}, and as many sections at the end of each part are learnt by nobody (embargo)"
        )
    return cut


def cut_by_periods(stamp: NDArray[np.int64], horizon_bars: int, periods: Periods) -> Cut:
    """Cut sections stamped i8[B] at given spans; what comes after the validation span is not seen.

    DatasetError for a span without bars, TooFewRowsError where the embargo leaves nothing of one.
    """
    train = sections_of(stamp, Segment.TRAIN, periods.train)
    validation = sections_of(stamp, Segment.VALID, periods.valid)
    cut = _cut(train, validation, horizon_bars)
    for name, span, whole, left in (
        (Segment.TRAIN, periods.train, train, cut.train),
        (Segment.VALID, periods.valid, validation, cut.validation),
    ):
        if left[1] <= left[0]:
            lost = whole[1] - left[1]
            raise TooFewRowsError(
                f"the {name} span ({shown(span)}) has {amount(whole[1] - whole[0], 'section')} of the bars and needs "
                f"{lost + 1}: the label looks {bars_ahead(horizon_bars)}, and its last {lost} are learnt by nobody "
                "(embargo)"
            )
    return cut


def bars_ahead(horizon_bars: int) -> str:
    """How far a label looks, in words."""
    return f"{amount(horizon_bars, 'bar')} ahead"


def _shared_out(sections: int, horizon_bars: int, share: float) -> Cut:
    first = sections - round((sections - horizon_bars) * share) - horizon_bars
    return _cut((0, first), (first, sections), horizon_bars)


def _cut(train: Sections, validation: Sections, horizon_bars: int) -> Cut:
    limit = validation[1]
    return Cut((train[0], min(train[1], validation[0] - horizon_bars)), (validation[0], limit - horizon_bars), limit)
