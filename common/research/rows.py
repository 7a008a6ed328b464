"""Which (section, symbol) rows are learnt from and which decide when to stop, without a look ahead between them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import ModelError

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Division:
    """Masks [B, S] of the rows, and the sections [first, last) they come from."""

    train: Mask
    validation: Mask
    train_sections: tuple[int, int]
    validation_sections: tuple[int, int]


def label_ends(present: Mask, horizon_bars: int) -> NDArray[np.int64]:
    """Section [B, S] in which a row's label is complete: its symbol's own `horizon_bars`-th next bar; B if none."""
    sections, symbols = present.shape
    ends = np.full((sections, symbols), sections, np.int64)
    for symbol in range(symbols):
        bars = np.flatnonzero(present[:, symbol])
        if bars.size > horizon_bars:
            ends[bars[: bars.size - horizon_bars], symbol] = bars[horizon_bars:]
    return ends


def divide(usable: Mask, ends: NDArray[np.int64], horizon_bars: int, share: float) -> Division:
    """Give the last `share` of the sections to validation, and leave out what reaches into it or past the end.

    The embargo is `horizon_bars` sections and, for symbols with holes, longer: no training label may need a bar
    of a validation section.
    """
    sections = usable.shape[0]
    first = sections - round((sections - horizon_bars) * share) - horizon_bars
    last = sections - horizon_bars
    train_last = first - horizon_bars
    if train_last < 1 or first >= last:
        raise ModelError(f"{sections} sections are too few to train on with a horizon of {horizon_bars}; give more")
    section = np.arange(sections)[:, None]
    train = usable & (section < train_last) & (ends < first)
    validation = usable & (section >= first) & (ends < sections)
    _check_some(train, "train on")
    _check_some(validation, "validate on")
    return Division(train, validation, (0, train_last), (first, last))


def _check_some(rows: Mask, purpose: str) -> None:
    if not rows.any():
        raise ModelError(f"there are no complete rows to {purpose}: symbols need more bars, or the factors fewer")
