"""What the two ways to score cost, so that the cheaper one is taken: in ns on one core of a Zen 5 from 2024.

Only their ratios matter; measured with 3 to 1,000 trees of 7 to 16,384 leaves.
"""

from dataclasses import dataclass

from common.models.trees.kernels import TILE

NARROW = 16
"""Tiles are multiples of this: what sixteen rows cost, fewer cost as well."""

_CALL = 1000.0
_ENTRY, _ENTRY_ROWS = 0.9, 0.11
_WORD, _WORD_ROWS = 25.0, 5.0
_CODED, _CODED_ROWS = 25.0, 13.0
"""Ruling out: per call, and for each entry, word and plane; `ROWS` for every sixteen rows of a tile."""

_STEP, _PLANE = 5.0, 12.0
"""Walking, for each row: per node that it meets, and per plane."""


@dataclass(frozen=True, slots=True)
class Costs:
    """How much there is to do in a forest."""

    entries: int
    words: int
    planes: int
    steps: float

    def ruling_out(self, tile: int) -> float:
        """One tile of that many rows."""
        wide = tile / NARROW
        each = self.entries * (_ENTRY + _ENTRY_ROWS * wide) + self.words * (_WORD + _WORD_ROWS * wide)
        return _CALL + each + self.planes * (_CODED + _CODED_ROWS * wide)

    def walking(self) -> float:
        """One row; never nothing."""
        return max(self.steps * _STEP + self.planes * _PLANE, 1.0)

    def few(self) -> tuple[int, ...]:
        """For each width of a tile, up to how many rows walking is cheaper."""
        return tuple(int(self.ruling_out(tile) / self.walking()) for tile in range(NARROW, TILE + 1, NARROW))
