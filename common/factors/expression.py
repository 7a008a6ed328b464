"""Expressions: frozen values built by operators on either side or by the parser; the operator table gives meaning."""

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TypeAlias

from common.errors import ExpressionError
from common.factors.definition import COLUMNS, Kind, Operator
from common.factors.operators import OPERATORS

Number: TypeAlias = int | float


class Expression:
    """A column, a constant or an operator applied; comparisons build expressions too, so ask `same_as` for equality."""

    def __add__(self, other: "Expression | Number") -> "Expression":
        return Call("add", (self, _lift(other)))

    def __radd__(self, other: Number) -> "Expression":
        return Call("add", (_lift(other), self))

    def __sub__(self, other: "Expression | Number") -> "Expression":
        return Call("sub", (self, _lift(other)))

    def __rsub__(self, other: Number) -> "Expression":
        return Call("sub", (_lift(other), self))

    def __mul__(self, other: "Expression | Number") -> "Expression":
        return Call("mul", (self, _lift(other)))

    def __rmul__(self, other: Number) -> "Expression":
        return Call("mul", (_lift(other), self))

    def __truediv__(self, other: "Expression | Number") -> "Expression":
        return Call("div", (self, _lift(other)))

    def __rtruediv__(self, other: Number) -> "Expression":
        return Call("div", (_lift(other), self))

    def __floordiv__(self, other: "Expression | Number") -> "Expression":
        return Call("floordiv", (self, _lift(other)))

    def __rfloordiv__(self, other: Number) -> "Expression":
        return Call("floordiv", (_lift(other), self))

    def __mod__(self, other: "Expression | Number") -> "Expression":
        return Call("mod", (self, _lift(other)))

    def __rmod__(self, other: Number) -> "Expression":
        return Call("mod", (_lift(other), self))

    def __pow__(self, other: "Expression | Number") -> "Expression":
        return Call("pow", (self, _lift(other)))

    def __rpow__(self, other: Number) -> "Expression":
        return Call("pow", (_lift(other), self))

    def __lt__(self, other: "Expression | Number") -> "Expression":
        return Call("lt", (self, _lift(other)))

    def __le__(self, other: "Expression | Number") -> "Expression":
        return Call("le", (self, _lift(other)))

    def __gt__(self, other: "Expression | Number") -> "Expression":
        return Call("gt", (self, _lift(other)))

    def __ge__(self, other: "Expression | Number") -> "Expression":
        return Call("ge", (self, _lift(other)))

    def __eq__(self, other: "Expression | Number") -> "Expression":  # type: ignore[override]  # a node, as in vnpy
        return Call("eq", (self, _lift(other)))

    def __ne__(self, other: "Expression | Number") -> "Expression":  # type: ignore[override]  # a node, as in vnpy
        return Call("ne", (self, _lift(other)))

    def __neg__(self) -> "Expression":
        return Call("neg", (self,))

    def __abs__(self) -> "Expression":
        return Call("abs", (self,))

    def __bool__(self) -> bool:
        raise TypeError("an expression has no truth value: use quesval, less or greater, not if, and, or")

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    @property
    def fingerprint(self) -> str:
        """Hex SHA-256 of the canonical form and the versions of its operators."""
        raise NotImplementedError

    @property
    def look_back(self) -> int | None:
        """Own bars before the current one that a value depends on; None when it runs from the first bar."""
        raise NotImplementedError

    @property
    def look_ahead(self) -> int:
        """Own bars after the current one that a value depends on; 0 for anything but labels."""
        raise NotImplementedError

    @property
    def warm_bars(self) -> int:
        """Own bars a symbol needs until the value is complete, or, if it is recursive, right to 1e-12."""
        raise NotImplementedError

    def same_as(self, other: "Expression") -> bool:
        """Whether both compute the same."""
        return self.fingerprint == other.fingerprint


def _lift(value: Expression | Number) -> Expression:
    return value if isinstance(value, Expression) else Constant(float(value))


@dataclass(frozen=True, eq=False)
class Column(Expression):
    """A bar column."""

    name: str

    def __post_init__(self) -> None:
        if self.name not in COLUMNS:
            raise ExpressionError(f"unknown bar column {self.name!r}; there are {', '.join(COLUMNS)}")

    def __str__(self) -> str:
        return self.name

    @cached_property
    def fingerprint(self) -> str:
        """Of the name alone."""
        return sha256(f"column {self.name}".encode()).hexdigest()

    @property
    def look_back(self) -> int:
        """The current bar only."""
        return 0

    @property
    def look_ahead(self) -> int:
        """Nothing ahead."""
        return 0

    @property
    def warm_bars(self) -> int:
        """One bar."""
        return 1


@dataclass(frozen=True, eq=False)
class Constant(Expression):
    """A number."""

    value: float

    def __str__(self) -> str:
        return repr(self.value)

    @cached_property
    def fingerprint(self) -> str:
        """Of the number's exact bits."""
        return sha256(f"constant {self.value.hex()}".encode()).hexdigest()

    @property
    def look_back(self) -> int:
        """No bar at all."""
        return 0

    @property
    def look_ahead(self) -> int:
        """Nothing ahead."""
        return 0

    @property
    def warm_bars(self) -> int:
        """None."""
        return 0


@dataclass(frozen=True, eq=False)
class Call(Expression):
    """An operator over series, with its constant parameters (window, delay, level); own: a user's, not in the table."""

    name: str
    series: tuple[Expression, ...]
    parameters: tuple[Number, ...] = ()
    own: Operator | None = None

    def __str__(self) -> str:
        return self.operator.render([str(each) for each in self.series], [repr(each) for each in self.parameters])

    @property
    def operator(self) -> Operator:
        """Its row of the table."""
        return OPERATORS[self.name] if self.own is None else self.own

    @property
    def kind(self) -> Kind:
        """How it is computed."""
        return self.operator.kind

    @cached_property
    def fingerprint(self) -> str:
        """Of operator, version, parameters and what it is applied to."""
        inside = " ".join(each.fingerprint for each in self.series)
        constants = " ".join(float(each).hex() for each in self.parameters)
        return sha256(f"{self.name} {self.operator.version} ({inside}) ({constants})".encode()).hexdigest()

    @cached_property
    def look_back(self) -> int | None:
        """The deepest of its series and its own window."""
        depths = [each.look_back for each in self.series]
        if self.kind is Kind.RECURSIVE or None in depths:
            return None
        return max(0, max(depth for depth in depths if depth is not None) + self.operator.reach(self.parameters))

    @cached_property
    def look_ahead(self) -> int:
        """Negative delays, less the positive ones around them."""
        furthest = max(each.look_ahead for each in self.series)
        return max(0, furthest - self.operator.shift(self.parameters))

    @cached_property
    def warm_bars(self) -> int:
        """The slowest of its series, then its own window or the length in which its seed is forgotten."""
        return max(each.warm_bars for each in self.series) + max(0, self.operator.settle(self.parameters))
