"""Factors of one set that name one another: written out in bar columns, each by itself; circles are refused."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from alphabus.columns import FACTOR_MARKS
from common.errors import FactorError
from common.factors.definition import COLUMNS, Kind, Operator
from common.factors.depth import check_depth
from common.factors.expression import Expression
from common.factors.operators import OPERATORS
from common.factors.parser import parse
from common.factors.text import MAX_DEPTH, MAX_LENGTH

RESERVED = (*FACTOR_MARKS, "datetime", "symbol")
"""Columns that stand beside the factors, in messages and in tables."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_WORD = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


def resolve(
    factors: Mapping[str, str], label: str, operators: Mapping[str, Operator] = OPERATORS
) -> tuple[tuple[tuple[str, str], ...], str]:
    """Return the factors in their order and the label, in bar columns alone; what names no factor stays as it is.

    operators: what may be called; compositions that are not of the table are written out, too. Raises FactorError for a
    name that cannot be one or a circle, ExpressionError for a text, with its position.
    """
    for name in factors:
        _check_name(name, operators)
    reader = _Resolver(factors, operators)
    written = tuple((name, reader.text(name)) for name in factors)
    named = reader.named_in(label)
    foretold = parse(label, name="label", future=True, series=reader.series(named), operators=operators, beside=factors)
    check_depth("the label", foretold)
    return written, str(foretold) if reader.stands_for_more(label) else label


def _check_name(name: str, operators: Mapping[str, Operator]) -> None:
    check_not_reserved(name)
    if not _NAME.fullmatch(name):
        raise FactorError(f"factor {name!r}: a name has letters, digits and _, at most 64, and begins with no digit")
    if name in COLUMNS or name in operators:
        kind = "a bar column" if name in COLUMNS else "an operator"
        raise FactorError(f"factor {name!r} has the name of {kind}; give it another")


def check_not_reserved(name: str) -> None:
    """Raise FactorError for the name of a column that stands beside the factors."""
    if name in RESERVED:
        raise FactorError(f"factor {name!r} has the name of a column that stands beside the factors; give it another")


@dataclass(frozen=True, slots=True)
class _Resolver:
    factors: Mapping[str, str]
    operators: Mapping[str, Operator]
    known: dict[str, Expression] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Write a factor in bar columns."""
        text, found = self.factors[name], self._expression(name, ())
        return str(found) if self.stands_for_more(text) else text

    def stands_for_more(self, text: str) -> bool:
        """Whether a text names factors, or compositions that are not of the table."""
        own = {each.name for each in self.operators.values() if each.kind is Kind.COMPOSITION} - set(OPERATORS)
        return bool(self.named_in(text)) or not own.isdisjoint(_WORD.findall(text))

    def named_in(self, text: str) -> list[str]:
        """List the factors a text names."""
        return [word for word in dict.fromkeys(_WORD.findall(text)) if word in self.factors]

    def series(self, names: list[str], path: tuple[str, ...] = ()) -> dict[str, Expression]:
        """Read factors, and first those they name."""
        return {each: self._expression(each, path) for each in names}

    def _expression(self, name: str, path: tuple[str, ...]) -> Expression:
        if name in path:
            circle = " -> ".join([*path[path.index(name) :], name])
            raise FactorError(f"factor {name!r} is defined by itself: {circle}")
        if len(path) > MAX_DEPTH:
            raise FactorError(f"factor {path[0]!r} names factors that name factors more than {MAX_DEPTH} deep")
        if name not in self.known:
            text = self.factors[name]
            series = self.series(self.named_in(text), (*path, name))
            found = parse(text, name=name, series=series, operators=self.operators, beside=self.factors)
            check_depth(f"factor {name!r}", found)
            self.known[name] = _short(name, found) if self.stands_for_more(text) else found
        return self.known[name]


def _short(name: str, expression: Expression) -> Expression:
    """Refuse what grows by naming what grows: each of 40 that doubles the one before makes 10^12 letters."""
    length = len(str(expression))
    if length > MAX_LENGTH:
        raise FactorError(f"factor {name!r} written out has {length} characters; at most {MAX_LENGTH} are allowed")
    return expression
