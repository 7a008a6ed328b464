"""A trial: the subject, the bars it is tried on, chance, and what the factors are on these bars."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from common.factors.block import Block
from common.factors.kernels.build import Floats
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

    def sections(self, first: int, last: int) -> list[int]:
        """Some sections from `first` up to, not including, `last`, drawn without repeats; none if there are none."""
        if first >= last:
            return []
        drawn = self.random.choice(np.arange(first, last), min(self.samples, last - first), replace=False)
        return [int(each) for each in drawn]


Check = Callable[[Trial], list[Tally]]
