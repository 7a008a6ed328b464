"""When which model is promoted: as the dice of a seed fall (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from scripts.drill.cast import WHY

PACE_S = 0.5
GOOD_SHARE = 2 / 3
FLURRY_SHARE = 0.1
FLURRY = 4
"""Promotions of a flurry: there, back, and both once more, faster than any of them can be loaded."""
LONGEST_PAUSE_MS = 200
QUIET = 5
"""Sections at the end without a promotion."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how many promotions in that time, and which dice; seconds from section to section."""

    sections: int
    promotions: int
    seed: int
    pace_s: float = PACE_S


@dataclass(frozen=True, slots=True)
class Move:
    """One promotion: after so many sections, and a pause, of this sort of model."""

    after: int
    pause_ms: int
    sort: str


def moves(plan: Plan, sorts: Sequence[str]) -> list[Move]:
    """Every promotion in order; some follow each other in fractions of a second. The last one is of a good model."""
    dice = Random(plan.seed)  # noqa: S311  dice, not secrets
    good, bad = ([sort for sort in sorts if (sort in WHY) is wrong] for wrong in (False, True))
    groups: list[list[str]] = []
    while (left := plan.promotions - sum(map(len, groups))) > 0:
        groups.append(_flurry(dice, good)[:left] if dice.random() < FLURRY_SHARE else [_one(dice, good, bad)])
    groups[-1][-1] = dice.choice(good)
    places = sorted(dice.randrange(1, max(plan.sections - QUIET, 2)) for _ in groups)
    return [
        Move(after, dice.randrange(LONGEST_PAUSE_MS) if number else 0, sort)
        for after, group in zip(places, groups, strict=True)
        for number, sort in enumerate(group)
    ]


def _flurry(dice: Random, good: Sequence[str]) -> list[str]:
    return dice.sample(good, 2) * (FLURRY // 2)


def _one(dice: Random, good: Sequence[str], bad: Sequence[str]) -> str:
    return dice.choice(good if dice.random() < GOOD_SHARE else bad)
