"""Two computations of the same factors compared where they must agree, and the first place where they do not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.factors.kernels.build import Floats
from common.research.factor_checks.subject import Facts

Mask = NDArray[np.bool_]

SETTLED = 1e-9
"""How closely recursive factors must agree once warm, in units of the factor's size: their seed fades, never ends."""


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to the bars, ending in a word such as `from` or `at`, and at which section of the window."""

    what: str
    section: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a factor's value is not what it must be: section of the window, symbol, both values, after which change."""

    section: int
    symbol: str
    expected: float
    found: float
    change: Change


@dataclass(slots=True)
class Tally:
    """One factor under one check: values compared, those that differed, the first that did, and why none were."""

    compared: int = 0
    differing: int = 0
    first: Difference | None = None
    why: str = ""

    @property
    def verdict(self) -> str:
        """ok, fail, or untested where the bars did not allow a comparison."""
        return "fail" if self.differing else "ok" if self.compared else "untested"


@dataclass(frozen=True, slots=True)
class Axes:
    """What the values compared are about: their sections within the window, and their symbols."""

    sections: NDArray[np.int64]
    symbols: tuple[str, ...]


def compare(  # noqa: PLR0917  two sides and where
    tally: Tally, expected: Floats, found: Floats, where: Mask, axes: Axes, change: Change, tolerance: float = 0.0
) -> None:
    """Compare f8[B, S] where `where` says: to the bit, NaN equal to NaN, or within `tolerance` of the factor's size."""
    same = (expected == found) | (np.isnan(expected) & np.isnan(found))
    if tolerance:
        known = np.abs(expected[np.isfinite(expected)])
        size = float(known.max()) if known.size else 0.0
        same |= np.abs(expected - found) <= tolerance * size
    wrong = np.argwhere(where & ~same)
    # A NaN that stays NaN shows little.
    tally.compared += int(np.count_nonzero(where & ~(np.isnan(expected) & np.isnan(found))))
    tally.differing += len(wrong)
    if len(wrong) and tally.first is None:
        section, symbol = wrong[0]
        tally.first = Difference(
            int(axes.sections[section]),
            axes.symbols[symbol],
            float(expected[section, symbol]),
            float(found[section, symbol]),
            change,
        )


def compare_all(  # noqa: PLR0917  two sides and where
    tallies: Sequence[Tally], expected: Floats, found: Floats, where: Mask, axes: Axes, change: Change
) -> None:
    """Compare every factor f8[F, B, S] to the bit, at the same places."""
    for tally, one, other in zip(tallies, expected, found, strict=True):
        compare(tally, one, other, where, axes, change)


def tolerance_of(facts: Facts) -> float:
    """0 for a factor with a finite look-back."""
    return SETTLED if facts.look_back is None else 0.0
