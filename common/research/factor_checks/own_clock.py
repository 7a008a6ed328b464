"""Own bars, counted plainly: which number each is of its symbol's, and at which the symbol last started anew."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from common.factors.block import Block, present_bars
from common.research.factor_checks.blocks import Mask, Places


@dataclass(frozen=True, slots=True, eq=False)
class OwnClock:
    """For each section and symbol: is there a bar; its number, from 1; the number at which the symbol started anew.

    Where there is no bar the numbers are those of the symbol's last one, 0 before its first.
    """

    present: Mask
    number: Places
    start: Places

    @classmethod
    def of(cls, block: Block, max_gap: int | None = None, *, by_session: bool = False) -> Self:
        """Count, as the set says when a symbol starts anew."""
        present = present_bars(block)
        number: Places = np.cumsum(present, axis=0, dtype=np.int64)
        anew = _starts_anew(block, present, max_gap, by_session=by_session)
        start: Places = np.maximum.accumulate(np.where(anew, number, 0), axis=0)
        return cls(present, number, start)

    @property
    def anew(self) -> Mask:
        """Bars at which a symbol that had bars before starts anew."""
        found: Mask = self.present & (self.number == self.start) & (self.start > 1)
        return found

    @property
    def beside_holes(self) -> Mask:
        """Bars before or after which their symbol has none in the next section, or starts anew."""
        absent = ~self.present | self.anew
        beside = np.zeros_like(absent)
        beside[1:] = absent[:-1]
        beside[:-1] |= absent[1:]
        found: Mask = self.present & (beside | self.anew)
        return found

    def held(self, where: Mask, bars: int | None = None) -> Mask:
        """Whether the last so many own bars of the stretch, the current one too (None: all), hold one that is told."""
        symbols = np.arange(where.shape[1])
        told = self._by_number(where).cumsum(axis=0, dtype=np.int64)
        first = self.start if bars is None else np.maximum(self.start, self.number - bars + 1)
        found: Mask = self.present & (told[self.number, symbols] > told[np.maximum(first, 1) - 1, symbols])
        return found

    def moved(self, where: Mask, bars: int) -> Mask:
        """Whether the bar so many own bars ago, in the same stretch, is told."""
        symbols, at = np.arange(where.shape[1]), self.number - bars
        inside = self.present & (at >= self.start)
        found: Mask = inside & self._by_number(where)[np.where(inside, at, 0), symbols]
        return found

    def _by_number(self, where: Mask) -> Mask:
        """The same by own bar, [1 + most bars, S]; nothing is told of number 0."""
        told = np.zeros((1 + int(self.number.max(initial=0)), where.shape[1]), np.bool_)
        section, symbol = np.nonzero(where & self.present)
        told[self.number[section, symbol], symbol] = True
        return told


def _starts_anew(block: Block, present: Mask, max_gap: int | None, *, by_session: bool) -> Mask:
    """Bars before which their symbol has none, none for longer than `max_gap`, or none of the same session."""
    section = np.arange(len(present))[:, None]
    last = np.maximum.accumulate(np.where(present, section, -1), axis=0)
    before = np.vstack([np.full_like(last[:1], -1), last[:-1]])
    anew = before < 0
    if max_gap is not None:
        anew |= section - before - 1 > max_gap
    if by_session and block.session is not None:
        anew |= block.session[before] != block.session[:, None]
    return present & anew
