"""Rows that try a forest where it could go wrong: thresholds, their neighbours, NaN, infinities, zeros, categories."""

from collections.abc import Iterable

import numpy as np

from common.models.bits import equal_bits
from common.models.trees.coding import ZERO
from common.models.trees.planes import Planes
from common.models.trees.text import Floats

ROWS = 1000

_EXTREMES = np.array([np.nan, np.inf, 0.0, 5e-324, ZERO, 1e-30, 0.5, 1.0, 31.0, 32.0, 2.0**31, 2.0**63, 1e300])
_NEIGHBOURS = np.array([np.nextafter(near, to) for near, to in ((ZERO, 0.0), (ZERO, 1.0), (1.0, 0.0), (np.inf, 0.0))])
_CATEGORIES_AT_MOST = 4096


def probe_rows(planes: Planes, features: int, random: np.random.Generator, rows: int = ROWS) -> Floats:
    """Values f8[F, R], R at least `rows`, and so many that every special value of every feature stands in some row.

    What they leave free is special in nearly all features in some rows, in few in others, and drawn elsewhere.
    """
    found = [_thresholds(planes, feature) for feature in range(features)]
    chosen = [np.concatenate([_special(each), _categories(planes, feature)]) for feature, each in enumerate(found)]
    rows = max(rows, *(choice.size for choice in chosen)) if chosen else rows
    special = random.random((features, rows)) < random.random(rows)
    values = random.standard_normal((features, rows))
    for feature, choice in enumerate(chosen):
        values[feature] = _spread_like(values[feature], found[feature])
        places = np.flatnonzero(special[feature])
        values[feature, places] = random.choice(choice, places.size)
        values[feature, random.permutation(rows)[: choice.size]] = choice
    return values


def count_differing(ways: Iterable[Floats], expected: Floats) -> int:
    """In how many rows any of several scores f8[S] differs by a bit from the expected f8[S]."""
    wrong = np.zeros(expected.shape[0], np.bool_)
    for scores in ways:
        wrong |= True if scores.shape != expected.shape else ~equal_bits(scores, expected)
    return int(np.count_nonzero(wrong))


def _thresholds(planes: Planes, feature: int) -> Floats:
    """Finite thresholds of a feature, which may have none."""
    places = np.flatnonzero(planes.columns == feature)
    parts = [planes.thresholds[planes.first_threshold[i] : planes.first_threshold[i + 1]] for i in places]
    every = np.concatenate([np.empty(0), *parts])
    finite: Floats = every[np.isfinite(every)]
    return finite


def _special(thresholds: Floats) -> Floats:
    extremes = np.concatenate([_EXTREMES, _NEIGHBOURS])
    around = [thresholds, np.nextafter(thresholds, -np.inf), np.nextafter(thresholds, np.inf)]
    return np.concatenate([extremes, -extremes, *around])


def _categories(planes: Planes, feature: int) -> Floats:
    """Whole numbers in and around a feature's longest set, evenly chosen where there are very many; and halves."""
    longest = np.diff(planes.first_word)[planes.set_columns == feature].max(initial=0)
    if not longest:
        return np.empty(0)
    ends = -2, 32 * int(longest) + 1
    whole = np.linspace(*ends, min(ends[1] - ends[0] + 1, _CATEGORIES_AT_MOST)).round()
    return np.concatenate([whole, whole + 0.5])


def _spread_like(drawn: Floats, thresholds: Floats) -> Floats:
    """Standard normal values, stretched and moved to where the thresholds lie."""
    if not thresholds.size:
        return drawn
    # Divided first: squares of huge thresholds are no numbers.
    unit = max(float(np.abs(thresholds).max()), float(np.finfo(np.float64).tiny))
    scaled = thresholds / unit
    middle, spread = float(scaled.mean()), float(scaled.std())
    with np.errstate(over="ignore"):
        return (drawn * (spread or abs(middle) or 1.0) + middle) * unit
