"""Labels: the expressions that may look ahead, over a whole history at once."""

from common.factors.block import Block
from common.factors.engine import Engine
from common.factors.kernels.build import Floats
from common.factors.parser import parse
from common.factors.plan import compile_expressions


def label_values(text: str, block: Block) -> Floats:
    """Compute a label f8[B,S] on each symbol's own clock; NaN where there is no bar, or none so far ahead."""
    plan = compile_expressions(["label"], [parse(text, name="label", future=True)])
    # One chunk: what lies ahead of a row must be in memory with it.
    engine = Engine(plan, chunk_rows=max(1, block.shape[0]))
    values: Floats = engine.update(block).values[0]
    return values


def label_horizon(text: str) -> int:
    """Return how many own bars ahead a label looks."""
    return parse(text, name="label", future=True).look_ahead
