"""What became of a seed: it travels from the process that ran it to the one that tells of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Judged:
    """A seed, what was not as promised, and how often what happened."""

    seed: int
    broken: tuple[str, ...]
    tally: Counter[str]
