"""Which (section, symbol) rows are learnt from and which decide when to stop, without a look ahead between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import TooFewRowsError
from common.research.periods import Periods, Segment, sections_of

Mask = NDArray[np.bool_]
Sections = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """Sections [first, last) of the parts, embargo taken off; no bar of section `limit` or later is seen."""

    train: Sections
    validation: Sections
    limit: int


@dataclass(frozen=True, slots=True)
class Division:
    """Masks [B, S] of the rows, and the sections [first, last) they come from."""

    train: Mask
    validation: Mask
    train_sections: Sections
    validation_sections: Sections


def label_ends(present: Mask, horizon_bars: int) -> NDArray[np.int64]:
    """Section [B, S] in which a row's label is complete: its symbol's own `horizon_bars`-th next bar; B if none."""
    sections, symbols = present.shape
    ends = np.full((sections, symbols), sections, np.int64)
    for symbol in range(symbols):
        bars = np.flatnonzero(present[:, symbol])
        if bars.size > horizon_bars:
            ends[bars[: bars.size - horizon_bars], symbol] = bars[horizon_bars:]
    return ends


def cut_by_share(sections: int, horizon_bars: int, share: float) -> Cut:
    """Give the last `share` of the sections to validation; TooFewRowsError where nothing is left of a part."""
    first = sections - round((sections - horizon_bars) * share) - horizon_bars
    return _cut((0, first), (first, sections), horizon_bars)


def cut_by_periods(stamp: NDArray[np.int64], horizon_bars: int, periods: Periods) -> Cut:
    """Cut sections stamped i8[B] at given spans; what comes after the validation span is not seen."""
    train = sections_of(stamp, Segment.TRAIN, periods.train)
    return _cut(train, sections_of(stamp, Segment.VALID, periods.valid), horizon_bars)


def divide(usable: Mask, ends: NDArray[np.int64], cut: Cut) -> Division:
    """Choose the rows of each part, and leave out what reaches into the next one or past the end.

    The embargo is `horizon_bars` sections and, for symbols with holes, longer: no training label may need a bar
    of a validation section.
    """
    train = usable & within(cut.train, usable) & (ends < cut.validation[0])
    validation = usable & within(cut.validation, usable) & (ends < cut.limit)
    _check_some(train, "train on")
    _check_some(validation, "validate on")
    return Division(train, validation, cut.train, cut.validation)


def _cut(train: Sections, validation: Sections, horizon_bars: int) -> Cut:
    limit = validation[1]
    train_last = min(train[1], validation[0] - horizon_bars)
    if train_last <= train[0] or limit - horizon_bars <= validation[0]:
        raise TooFewRowsError(
            f"{limit - train[0]} sections are too few to train on with a horizon of {horizon_bars}; give more"
        )
    return Cut((train[0], train_last), (validation[0], limit - horizon_bars), limit)


def within(sections: Sections, rows: Mask) -> Mask:
    """Mask [B, 1] of the sections [first, last) of a mask [B, S]."""
    section = np.arange(rows.shape[0])[:, None]
    return np.asarray((sections[0] <= section) & (section < sections[1]))


def _check_some(rows: Mask, purpose: str) -> None:
    if not rows.any():
        raise TooFewRowsError(f"there are no complete rows to {purpose}: symbols need more bars, or the factors fewer")
