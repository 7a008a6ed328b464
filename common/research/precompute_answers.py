"""What a model says of sections that follow one another, by the engine and predictor of the live path."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Flag
from common.factors.block import Block, sessions_of
from common.factors.engine import Engine
from common.factors.processors.feature_block import FeatureBlock
from common.market.panel import Panel
from common.models.flags import Standing, count_finite
from common.research.factor_blocks import THREADS
from common.research.precompute_model import Served
from common.research.roll_call import Conditions, Roll


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Of consecutive sections: flags u1[b, S], values f8[b, S], NaN where the flag allows none."""

    flags: NDArray[np.uint8]
    values: NDArray[np.float64]

    @property
    def sound(self) -> NDArray[np.bool_]:
        """Sections [b] without an answer that is not finite: live, such a section holds the one before."""
        found: NDArray[np.bool_] = ~np.any((self.flags == Flag.OK) & ~np.isfinite(self.values), axis=1)
        return found


class Oracle:
    """One engine and one model over panels in order of time; about `block_numbers` factor values at once."""

    def __init__(self, served: Served, conditions: Conditions, block_numbers: int) -> None:
        self._served, self._fewest = served, conditions.min_features * len(served.places)
        self._engine, self._block_numbers = Engine(served.plan, threads=THREADS), block_numbers

    def ask(self, panel: Panel, roll: Roll) -> Iterator[tuple[slice, Answers]]:
        """Answers block by block, with the sections of the panel they are of."""
        step = max(1, self._block_numbers // max(1, len(self._served.plan.names) * len(panel.symbols)))
        for first in range(0, len(panel), step):
            part = panel.slice(first, min(first + step, len(panel)))
            inside = slice(first, first + len(part))
            yield inside, self._answer(part, roll.member[inside])

    def _answer(self, part: Panel, member: NDArray[np.bool_]) -> Answers:
        served = self._served
        factors = self._engine.update(Block(part.symbols, part.columns, member, sessions_of(part.stamp)))
        features = factors.values[list(served.places)]
        counted = (factors.present != 0) & (factors.member != 0) & (factors.warm != 0)
        found = served.model.answer(FeatureBlock(part.symbols, part.stamp, served.model.features, features, counted))
        standing = Standing(factors.member, factors.present, factors.warm)
        flags = standing.flags(count_finite(features), self._fewest, counted & ~found.rows)
        return Answers(flags, np.where(flags == Flag.OK, found.values, np.nan))
