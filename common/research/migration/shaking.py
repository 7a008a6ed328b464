"""Texts whose sums are a little off: what a mean, deviation, correlation or logarithm in them reads, and what it gives.

Such a number depends on the order in which its terms are added: the same sum on two ways seldom ends in the same bits.
Where a text ranks or compares what is equal but for that, one bit decides.
"""

import ast
from collections.abc import Collection
from dataclasses import dataclass

from common.factors.text import Text
from common.research.migration.rewriting import can_be_read, columns_of, is_series
from common.research.migration.whole_numbers import is_whole

EXACT = frozenset({
    "abs", "cs_rank", "greater", "less", "quesval", "quesval2", "sign", "ts_abs", "ts_argmax", "ts_argmin", "ts_delay",
    "ts_delta", "ts_greater", "ts_less", "ts_max", "ts_min", "ts_rank",
})  # fmt: skip
"""Operators that choose, count or subtract: equal inputs give equal bits, whoever computes them."""

NOISES = ("open_interest", "turnover")
"""Columns of bars that may carry the noise, where a text reads neither them nor what is made of them."""

_GOLDEN = 0.6180339887498949


def noise_for(text: str) -> str | None:
    """A column that the text does not read; None where it reads all of them."""
    read = columns_of(text)
    read |= {"turnover"} if "vwap" in read else set()
    return next((each for each in NOISES if each not in read), None)


def shaken(text: str, noise: str, whole: Collection[str] = ()) -> str:
    """The text with another share of a column's noise in and on every sum inside it; as it was where there is none.

    whole: columns that hold whole numbers, whose sums are exact.
    """
    tree = Text(text, "").tree()
    shaker = _Shaker(tree, noise, frozenset(whole))
    made = ast.unparse(shaker.visit(tree))
    return made if shaker.done and can_be_read(made) else text


@dataclass(slots=True)
class _Shaker(ast.NodeTransformer):
    root: ast.expr
    noise: str
    whole: frozenset[str]
    done: int = 0

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Shake what is inside, then what a sum reads and, unless it is the whole text, what it gives."""
        name, whole = node.func.id if isinstance(node.func, ast.Name) else "", is_whole(node, self.whole)
        series = [is_series(each) for each in node.args]
        node.args = [self.visit(each) for each in node.args]
        if name in EXACT or whole:
            return node
        node.args = [self._off(each) if reads else each for each, reads in zip(node.args, series, strict=True)]
        return node if node is self.root else self._off(node)

    def _off(self, node: ast.expr) -> ast.expr:
        """Times 1 and a share that repeats nowhere: equal noise on both sides of a difference would shake nothing."""
        self.done += 1
        share = 0.5 + self.done * _GOLDEN % 1.0
        return ast.parse(f"({ast.unparse(node)}) * (1 + {share:.4f} * {self.noise})", mode="eval").body
