"""Which sections are learnt from and which decide when to stop, without a look ahead between them (pure)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import TooFewRowsError
from common.research.periods import Periods, Segment, sections_of

Mask = NDArray[np.bool_]
Sections = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """Sections [first, last) of the parts, embargo taken off; no bar of section `limit` or later is seen.

    The embargo is as many sections as the label looks ahead. A symbol with holes loses more rows: see `complete`.
    """

    train: Sections
    validation: Sections
    limit: int


def complete(present: Mask, horizon_bars: int) -> Mask:
    """Bars [B, S] that `horizon_bars` more of their symbol's follow: a label is made of its symbol's own bars."""
    following = np.cumsum(present[::-1], axis=0)[::-1]
    found: Mask = present & (following > horizon_bars)
    return found


def cut_by_share(sections: int, horizon_bars: int, share: float) -> Cut:
    """Give the last `share` of the sections to validation; TooFewRowsError where nothing is left of a part."""
    first = sections - round((sections - horizon_bars) * share) - horizon_bars
    return _cut((0, first), (first, sections), horizon_bars)


def cut_by_periods(stamp: NDArray[np.int64], horizon_bars: int, periods: Periods) -> Cut:
    """Cut sections stamped i8[B] at given spans; what comes after the validation span is not seen."""
    train = sections_of(stamp, Segment.TRAIN, periods.train)
    return _cut(train, sections_of(stamp, Segment.VALID, periods.valid), horizon_bars)


def _cut(train: Sections, validation: Sections, horizon_bars: int) -> Cut:
    limit = validation[1]
    train_last = min(train[1], validation[0] - horizon_bars)
    if train_last <= train[0] or limit - horizon_bars <= validation[0]:
        raise TooFewRowsError(
            f"{limit - train[0]} sections are too few to train on with a horizon of {horizon_bars}; give more"
        )
    return Cut((train[0], train_last), (validation[0], limit - horizon_bars), limit)
