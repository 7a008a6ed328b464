"""How deep an expression is, found without descending as deep: Python's stack ends before a user's patience."""

from common.errors import FactorError
from common.factors.expression import Call, Expression
from common.factors.text import MAX_DEPTH

MAX_COMPILED = 2 * MAX_DEPTH
"""Levels an expression may have when compositions in it are written out."""


def depth_of(expression: Expression) -> int:
    """Count levels; what stands at several places is looked at once."""
    found: dict[int, int] = {}
    waiting = [expression]
    while waiting:
        each = waiting[-1]
        inside = each.series if isinstance(each, Call) else ()
        missing = [one for one in inside if id(one) not in found]
        if missing:
            waiting += missing
            continue
        found[id(each)] = 1 + max((found[id(one)] for one in inside), default=0)
        waiting.pop()
    return found[id(expression)]


def check_depth(who: str, expression: Expression, most: int = MAX_DEPTH) -> None:
    """Raise FactorError, with the depth, for an expression that is nested deeper than `most` levels."""
    depth = depth_of(expression)
    if depth > most:
        raise FactorError(f"{who} is nested {depth} levels deep when written out; at most {most} are allowed")
