"""What is checked: factors, what each says of itself, and a way to compute them anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Self

from common.factors.block import Block
from common.factors.definition import Kind, Operator
from common.factors.engine import Engine
from common.factors.expression import Call, Expression
from common.factors.graph import Graph, build_graph
from common.factors.kernels.build import Floats
from common.factors.operators import with_own
from common.factors.parser import parse
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from common.research.factor_checks.own_clock import OwnClock

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
    """Factors in order, how to run them, their graph, and when a symbol starts anew."""

    factors: tuple[Facts, ...]
    run: Run
    graph: Graph
    max_gap: int | None = None
    by_session: bool = False

    @classmethod
    def of(cls, factor_set: FactorSet) -> Self:
        """A set under the engine that research and live share, with all that it says."""
        plan, known = compile_set(factor_set), with_own(factor_set.operators)
        facts = tuple(Facts.of(name, text, factor_set.operators) for name, text in factor_set.factors)
        graph = build_graph([parse(text, name=name, operators=known) for name, text in factor_set.factors])
        return cls(facts, lambda block: Engine(plan).update(block).values, graph, plan.max_gap, plan.by_session)

    @property
    def warm_bars(self) -> int:
        """Of the slowest."""
        return max(each.warm_bars for each in self.factors)

    def clock(self, block: Block) -> OwnClock:
        """Own bars of a block, and where a symbol starts anew."""
        return OwnClock.of(block, self.max_gap, by_session=self.by_session)


def _crosses(expression: Expression) -> bool:
    if not isinstance(expression, Call):
        return False
    return expression.kind is Kind.CROSS_SECTION or any(_crosses(each) for each in expression.series)
