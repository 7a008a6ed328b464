"""A trial: the subject, the bars it is tried on, chance, and what the factors are on these bars."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from common.factors.block import Block, present_bars
from common.factors.kernels.build import Floats
from common.research.factor_checks.blocks import Mask, Places
from common.research.factor_checks.comparison import Axes, Tally
from common.research.factor_checks.stillness import Stillness
from common.research.factor_checks.subject import Subject
from common.research.factor_checks.touched import Touched, touched, unsettled


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Everything a check may use; `values` f8[F, B, S] are of the block as it is."""

    subject: Subject
    block: Block
    values: Floats
    samples: int
    random: np.random.Generator
    stillness: Stillness = field(init=False)

    def __post_init__(self) -> None:
        clock = self.subject.clock(self.block)
        object.__setattr__(self, "stillness", Stillness.of(self.subject.graph, self.block, clock))

    def tallies(self) -> list[Tally]:
        """An empty one a factor."""
        return [Tally() for _ in self.subject.factors]

    def axes(self, first: int = 0) -> Axes:
        """Sections from `first` on, all symbols."""
        return Axes(np.arange(first, self.block.shape[0]), self.block.symbols)

    def spread(self, gone: Mask) -> list[Touched]:
        """What the absence of bars may change of each factor, to more than a trace."""
        return touched(self.subject.graph, self.subject.clock(self.block), self.block.member, gone, self.stillness)

    def unsettled(self, gone: Mask) -> list[Mask]:
        """Where each factor may know of absent bars for no reason but that nothing moved."""
        if not self.stillness.moved:
            return [np.zeros_like(gone)] * len(self.subject.factors)
        return unsettled(self.subject.graph, self.subject.clock(self.block), self.block.member, gone, self.stillness)

    def futures(self) -> list[int]:
        """Some sections, drawn, before which somebody was warm for every factor: from there on all may be otherwise."""
        most = np.cumsum(present_bars(self.block), axis=0).max(axis=1)
        return self.drawn(1 + np.flatnonzero(most >= self.subject.warm_bars)[:-1])

    def drawn(self, among: Sequence[int] | Places) -> list[int]:
        """Some of these, without repeats; none if there are none."""
        return [int(each) for each in self.random.permutation(among)[: self.samples]]


Check = Callable[[Trial], list[Tally]]
