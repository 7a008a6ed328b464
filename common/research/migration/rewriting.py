"""Texts that give, in our engine, what vnpy 4.5.0 gives for a text: one known difference, or several, at a time."""

import ast
from collections.abc import Collection
from dataclasses import dataclass

from common.errors import ExpressionError
from common.factors.definition import COLUMNS
from common.factors.parser import parse
from common.factors.text import Text
from common.research.migration.reasons import Reason
from common.research.migration.whole_numbers import is_whole

CAST_BACK = frozenset({"ts_mean", "ts_std", "ts_quantile", "ts_rank", "ts_decay_linear"})
"""Folds whose answer vnpy casts to whole numbers where it was given whole numbers."""

TEXTUAL = frozenset({Reason.CAST, Reason.DECAY, Reason.CHOICE})


def as_vnpy(text: str, reasons: Collection[Reason], whole: Collection[str] = ()) -> str:
    """Rewrite a text; unchanged where none of the reasons concerns it, or where it would be too long to be read.

    whole: columns that hold whole numbers.
    """
    tree = Text(text, "").tree()
    rewriter = _Rewriter(frozenset(reasons), frozenset(whole))
    made = ast.unparse(rewriter.visit(tree))
    return made if rewriter.changed and can_be_read(made) else text


def can_be_read(text: str) -> bool:
    """Whether it is a text of our language still: a rewritten one may have become too long."""
    try:
        parse(text)
    except ExpressionError:
        return False
    return True


def columns_of(text: str) -> frozenset[str]:
    """Columns of bars that it names."""
    nodes = ast.walk(Text(text, "").tree())
    return frozenset(each.id for each in nodes if isinstance(each, ast.Name) and each.id in COLUMNS)


def called(text: str) -> frozenset[str]:
    """Names of the operators it calls."""
    nodes = ast.walk(Text(text, "").tree())
    return frozenset(each.func.id for each in nodes if isinstance(each, ast.Call) and isinstance(each.func, ast.Name))


def parts_of(text: str) -> tuple[str, ...]:
    """Texts of every operator applied in it, its own among them, each once."""
    nodes = (each for each in ast.walk(Text(text, "").tree()) if isinstance(each, ast.expr))
    applied = (each for each in nodes if isinstance(each, ast.BinOp | ast.Compare | ast.Call | ast.UnaryOp))
    return tuple(dict.fromkeys(ast.unparse(each) for each in applied if is_series(each)))


def is_series(node: ast.expr) -> bool:
    """Whether a column of bars is read in it."""
    return any(isinstance(each, ast.Name) and each.id in COLUMNS for each in ast.walk(node))


@dataclass(slots=True)
class _Rewriter(ast.NodeTransformer):
    reasons: frozenset[Reason]
    whole: frozenset[str]
    changed: bool = False

    def visit_Call(self, node: ast.Call) -> ast.expr:
        """Rewrite what is inside, then the call itself."""
        whole = is_whole(node, self.whole)
        node.args = [self.visit(each) for each in node.args]
        name, made = node.func.id if isinstance(node.func, ast.Name) else "", ast.unparse(node)
        inside = [ast.unparse(each) for each in node.args]
        if name == "ts_decay_linear" and Reason.DECAY in self.reasons:
            # Weights 1 .. w and w .. 1 add up to w + 1 everywhere.
            made = f"(2 * ts_sum({inside[0]}, {inside[1]}) / {inside[1]} - {made})"
        if name == "quesval2" and Reason.CHOICE in self.reasons:
            made = f"quesval2({inside[1]}, {inside[0]}, {inside[2]}, {inside[3]})"
        if name in CAST_BACK and whole and Reason.CAST in self.reasons:
            made = f"(sign({made}) * (abs({made}) // 1))"
        self.changed |= made != ast.unparse(node)
        return ast.parse(made, mode="eval").body
