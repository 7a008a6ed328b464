"""One factor's values here and in vnpy: in how many rows they agree, by how much they differ, and why (pure)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.research.migration.reasons import Reason

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

AGREE = 1e-9
"""Relative difference up to which two values are the same."""
SMALL = 1e-6
"""Of the factor's standard deviation: up to here a difference is rounding."""


@dataclass(frozen=True, slots=True)
class Cause:
    """Why some rows differ, and by how much at most, in standard deviations of vnpy's values.

    For a reason that can be computed apart it is the difference that this one makes, on any row; None: not a number.
    """

    reason: Reason
    rows: int
    largest: float | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A factor: `rows` that were compared, how many agree to 1e-9, and differences in standard deviations of vnpy's.

    one_sided: rows that have a number on one side alone.
    """

    name: str
    text: str
    rows: int
    agreeing: int
    one_sided: int
    std: float
    median: float
    largest: float
    causes: tuple[Cause, ...]

    @property
    def share(self) -> float:
        """Of the rows that agree."""
        return self.agreeing / self.rows if self.rows else 1.0

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """All of them, in the order of the table."""
        return tuple(each.reason for each in self.causes)


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Values f8[N] of a factor: ours, vnpy's, ours with each difference made on purpose, and with all of them."""

    ours: Floats
    theirs: Floats
    apart: Mapping[Reason, Floats]
    together: Floats


Trace = Callable[[str], Mask]


def find(name: str, text: str, sides: Sides, traces: Mapping[Reason, Trace]) -> Finding:
    """Compare; traces tell, for a text, the rows that what is left may be put down to, in the order they are tried."""
    agrees = agree(sides.ours, sides.theirs)
    both = np.isfinite(sides.ours) & np.isfinite(sides.theirs)
    std = deviation(sides.theirs)
    apart = [_apart(reason, sides.ours, made, std) for reason, made in sides.apart.items()]
    traced = _traced(text, sides, std, traces)
    far = np.abs(sides.ours[both] - sides.theirs[both]) / std
    return Finding(
        name=name,
        text=text,
        rows=len(agrees),
        agreeing=int(agrees.sum()),
        one_sided=int((np.isfinite(sides.ours) != np.isfinite(sides.theirs)).sum()),
        std=std,
        median=float(np.median(far)) if far.size else 0.0,
        largest=float(far.max(initial=0.0)),
        causes=tuple(sorted((*apart, *traced), key=lambda each: list(Reason).index(each.reason))),
    )


def agree(left: Floats, right: Floats) -> Mask:
    """Whether two values are equal to 1e-9 relative, or neither is a number."""
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(left - right) <= AGREE * np.maximum(np.abs(left), np.abs(right))
    known, other = np.isfinite(left), np.isfinite(right)
    found: Mask = (near & known & other) | ~(known | other)
    return found


def moved(left: Floats, right: Floats, std: float) -> Mask:
    """Whether two values differ by more than rounding."""
    with np.errstate(invalid="ignore", over="ignore"):
        small = np.abs(left - right) <= SMALL * std
    found: Mask = ~agree(left, right) & ~small
    return found


def deviation(values: Floats) -> float:
    """Standard deviation of the finite values, 1 where there is none."""
    finite = values[np.isfinite(values)]
    with np.errstate(over="ignore", invalid="ignore"):
        std = float(finite.std()) if finite.size else 0.0
    return std if np.isfinite(std) and std > 0.0 else 1.0


def _apart(reason: Reason, ours: Floats, made: Floats, std: float) -> Cause:
    differs = moved(ours, made, std)
    return Cause(reason, int(differs.sum()), _largest(ours, made, differs, std))


def _traced(text: str, sides: Sides, std: float, traces: Mapping[Reason, Trace]) -> list[Cause]:
    """What is left when all differences that can be made on purpose are made.

    Where these give vnpy's value and none of them moves it by itself, it is the bits of vnpy's prices that do.
    """
    differs = moved(sides.ours, sides.theirs, std)
    left, found = differs & moved(sides.together, sides.theirs, std), []
    made = [moved(sides.ours, values, std) for values in sides.apart.values()]
    known = {
        Reason.ROUNDING: ~agree(sides.ours, sides.theirs) & ~differs,
        Reason.LAST_BITS: differs & ~left & ~np.logical_or.reduce([np.zeros_like(left), *made]),
        Reason.MISSING: left & (np.isfinite(sides.ours) != np.isfinite(sides.theirs)),
    }
    left &= ~known[Reason.MISSING]
    for reason, trace in traces.items():
        if left.any():
            rows = left & trace(text)
            known[reason] = known.get(reason, np.zeros_like(left)) | rows
            left &= ~rows
    known[Reason.UNEXPLAINED] = left
    found += [
        Cause(reason, int(rows.sum()), _largest(sides.ours, sides.theirs, rows, std))
        for reason, rows in known.items()
        if rows.any()
    ]
    return found


def _largest(left: Floats, right: Floats, rows: Mask, std: float) -> float | None:
    rows = rows & np.isfinite(left) & np.isfinite(right)
    return float(np.max(np.abs(left[rows] - right[rows])) / std) if rows.any() else None
