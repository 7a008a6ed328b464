"""Labels: the expressions that may look ahead, over a whole history at once."""

from collections.abc import Sequence

from common.factors.block import Block
from common.factors.definition import Operator
from common.factors.engine import Engine
from common.factors.kernels.build import Floats
from common.factors.operators import with_own
from common.factors.parser import parse
from common.factors.plan import Plan, compile_expressions


def label_values(text: str, block: Block, operators: Sequence[Operator] = ()) -> Floats:
    """Compute a label f8[B,S] on each symbol's own clock; NaN where there is no bar, or none so far ahead.

    operators: a user's own. A label knows no sessions and no gaps: it is what followed, whenever that was.
    """
    plan = _plan_of(text, operators)
    # One chunk: what lies ahead of a row must be in memory with it.
    engine = Engine(plan, chunk_rows=max(1, block.shape[0]))
    values: Floats = engine.update(block).values[0]
    return values


def label_columns(text: str, operators: Sequence[Operator] = ()) -> tuple[str, ...]:
    """Columns of bars that a label reads."""
    return _plan_of(text, operators).columns


def label_horizon(text: str, operators: Sequence[Operator] = ()) -> int:
    """Return how many own bars ahead a label looks."""
    return parse(text, name="label", future=True, operators=with_own(operators)).look_ahead


def _plan_of(text: str, operators: Sequence[Operator]) -> Plan:
    return compile_expressions(["label"], [parse(text, name="label", future=True, operators=with_own(operators))])
