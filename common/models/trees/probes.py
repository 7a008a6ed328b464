"""Rows that try a forest where it could go wrong: thresholds, their neighbours, NaN, infinities, zeros, categories."""

from collections.abc import Callable

import numpy as np

from common.models.trees.coding import ZERO
from common.models.trees.planes import Planes
from common.models.trees.text import Floats

ROWS = 1000

_EXTREMES = np.array([np.nan, np.inf, 0.0, 5e-324, ZERO, 1e-30, 0.5, 1.0, 31.0, 32.0, 2.0**31, 2.0**63, 1e300])
_NEIGHBOURS = np.array([np.nextafter(ZERO, 0.0), np.nextafter(ZERO, 1.0), np.nextafter(1.0, 0.0)])


def probe_rows(planes: Planes, features: int, random: np.random.Generator, rows: int = ROWS) -> Floats:
    """Values f8[F, rows]; in some rows nearly all of them are special ones, in others few."""
    values = random.standard_normal((features, rows))
    special = random.random((features, rows)) < random.random(rows)
    candidates = _candidates(planes, features)
    for feature, choice in enumerate(candidates):
        # All of them, in any order, before one comes again.
        repeated = np.tile(random.permutation(choice), -(-rows // choice.size))[:rows]
        values[feature] = values[feature] * _spread(choice) + _middle(choice)
        values[feature] = np.where(special[feature], repeated, values[feature])
    return values


def count_differing(ours: Callable[[Floats], Floats], theirs: Callable[[Floats], Floats], values: Floats) -> int:
    """In how many rows of f8[F, S] two ways to score differ by a bit."""
    expected, actual = (np.ascontiguousarray(score(values), np.float64) for score in (theirs, ours))
    if expected.shape != actual.shape:
        return int(values.shape[1])
    return int(np.count_nonzero(expected.view(np.int64) != actual.view(np.int64)))


def _candidates(planes: Planes, features: int) -> list[Floats]:
    extremes = np.concatenate([_EXTREMES, _NEIGHBOURS])
    found = [np.concatenate([extremes, -extremes])] * features
    for number, column in enumerate(planes.columns):
        here = planes.thresholds[planes.first_threshold[number] : planes.first_threshold[number + 1]]
        found[column] = np.concatenate(
            [found[column], here, np.nextafter(here, -np.inf), np.nextafter(here, np.inf)],
        )
    for column, words in zip(planes.set_columns, np.diff(planes.first_word), strict=True):
        categories = np.arange(-2.0, 32.0 * min(int(words), ROWS) + 2)
        found[column] = np.concatenate([found[column], categories, categories + 0.5])
    return found


def _finite(choice: Floats) -> Floats:
    return choice[np.isfinite(choice) & (np.abs(choice) < 1e9)]


def _spread(choice: Floats) -> float:
    return float(np.std(_finite(choice)))


def _middle(choice: Floats) -> float:
    return float(np.mean(_finite(choice)))
