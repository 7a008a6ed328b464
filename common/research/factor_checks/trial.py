"""A trial: the subject, the bars it is tried on, chance, and what the factors are on these bars."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from common.factors.block import Block, present_bars
from common.factors.kernels.build import Floats
from common.research.factor_checks.blocks import Places
from common.research.factor_checks.comparison import Axes, Tally
from common.research.factor_checks.subject import Subject


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Everything a check may use; `values` f8[F, B, S] are of the block as it is."""

    subject: Subject
    block: Block
    values: Floats
    samples: int
    random: np.random.Generator

    def tallies(self) -> list[Tally]:
        """An empty one a factor."""
        return [Tally() for _ in self.subject.factors]

    def axes(self, first: int = 0) -> Axes:
        """Sections from `first` on, all symbols."""
        return Axes(np.arange(first, self.block.shape[0]), self.block.symbols)

    def futures(self) -> list[int]:
        """Some sections, drawn, before which somebody was warm for every factor: from there on all may be otherwise."""
        most = np.cumsum(present_bars(self.block), axis=0).max(axis=1)
        return self.drawn(1 + np.flatnonzero(most >= self.subject.warm_bars)[:-1])

    def drawn(self, among: Sequence[int] | Places) -> list[int]:
        """Some of these, without repeats; none if there are none."""
        return [int(each) for each in self.random.permutation(among)[: self.samples]]


Check = Callable[[Trial], list[Tally]]
