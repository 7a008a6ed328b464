"""What is checked: factors, what each says of itself, and a way to compute them anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self

from common.factors.block import Block
from common.factors.definition import Kind, Operator
from common.factors.engine import Engine
from common.factors.expression import Call, Expression
from common.factors.kernels.build import Floats
from common.factors.operators import with_own
from common.factors.parser import parse
from common.factors.plan import compile_set
from common.factors.sets import FactorSet

# From a block, with an engine that has seen nothing before it, to f8[F, B, S].
Run = Callable[[Block], Floats]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a factor says of itself: own bars it looks back (None: to the first), own bars until warm, if it crosses."""

    name: str
    text: str
    look_back: int | None
    warm_bars: int
    crosses: bool

    @classmethod
    def of(cls, name: str, text: str, operators: Sequence[Operator] = ()) -> Self:
        """Read from its text, which may call a user's own operators."""
        expression = parse(text, name=name, operators=with_own(operators))
        return cls(name, text, expression.look_back, expression.warm_bars, _crosses(expression))


@dataclass(frozen=True, slots=True)
class Subject:
    """Factors in order, and how to run them."""

    factors: tuple[Facts, ...]
    run: Run

    @classmethod
    def of(cls, factor_set: FactorSet) -> Self:
        """A set under the engine that research and live share; without `max_gap`, whose sections a check takes away."""
        plan = compile_set(replace(factor_set, max_gap=None))
        facts = tuple(Facts.of(name, text, factor_set.operators) for name, text in factor_set.factors)
        return cls(facts, lambda block: Engine(plan).update(block).values)

    @property
    def warm_bars(self) -> int:
        """Of the slowest."""
        return max(each.warm_bars for each in self.factors)


def _crosses(expression: Expression) -> bool:
    if not isinstance(expression, Call):
        return False
    return expression.kind is Kind.CROSS_SECTION or any(_crosses(each) for each in expression.series)
