"""What an operator is: one row of the table, and what follows from its kind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from common.factors.kernels.build import Kernel

COLUMNS = ("open", "high", "low", "close", "volume", "turnover", "open_interest", "vwap")
"""What a factor may read of a bar."""

MAX_WINDOW = 10_000
"""Longest window or delay: beyond it a fold is the wrong tool, and the number most likely a slip."""

Parameters: TypeAlias = Sequence[int | float]


class Kind(Enum):
    """How an operator is computed."""

    ELEMENT = "element"
    FOLD = "fold"
    DELAY = "delay"
    CROSS_SECTION = "cross section"
    RECURSIVE = "recursive"
    COMPOSITION = "composition"


class Needs(Enum):
    """How many values of a window must be numbers."""

    ONE = "one"
    ALL = "all"
    NONE = "-"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A constant an operator takes after its series."""

    name: str
    least: float
    most: float
    whole: bool = True

    def refusal(self, value: float, operator: str, *, future: bool) -> str | None:
        """Say why an operator cannot take this number, as an error text goes on after the factor's name."""
        if self.whole and not value.is_integer():
            return f"gives {operator} a {self.name} of {value:g}; it must be whole"
        if self.name == "delay" and value == 0:
            return f"gives {operator} a delay of 0; leave the operator out"
        if self.name == "delay" and value < 0 and not future:
            return f"looks ahead: {operator} with a delay of {value:g}; only labels may, factors may not"
        if not self.least <= value <= self.most:
            return f"gives {operator} a {self.name} of {value:g}; allowed is {self.least:g} to {self.most:g}"
        return None


@dataclass(frozen=True, slots=True)
class Operator:
    """One row: series it takes, constants, kernel (and which part of its answers), and what a reader must know.

    alone: the kernel takes one window a call and no parts. quotient: of a recursive one that divides what it remembers
    by what it remembers, both fading alike where nothing moves, the bars after which the quotient itself has settled.
    """

    name: str
    kind: Kind
    series: tuple[str, ...]
    formula: str
    nan: str
    source: str
    parameters: tuple[Parameter, ...] = ()
    needs: Needs = Needs.NONE
    kernel: Kernel | None = None
    part: int = 0
    version: int = 1
    symbol: str = ""
    stands_for: str = ""
    warm: Callable[..., int] | None = None
    state_rows: int = 0
    alone: bool = False
    quotient: Callable[..., int] | None = None

    def reach(self, parameters: Parameters) -> int:
        """Own bars before the current one that one value reads of its series."""
        if self.kind is Kind.FOLD:
            return int(parameters[0]) - 1
        return self.shift(parameters)

    def shift(self, parameters: Parameters) -> int:
        """Own bars a value is moved by; negative ahead."""
        return int(parameters[0]) if self.kind is Kind.DELAY else 0

    def settle(self, parameters: Parameters) -> int:
        """Own bars it adds to the warm length of its series."""
        return self.reach(parameters) if self.warm is None else self.warm(*parameters)

    def quotient_settles(self, parameters: Parameters) -> int:
        """Own bars after which the quotient it is made of has settled, if bars move; 0 where there is none."""
        return 0 if self.quotient is None else self.quotient(*parameters)

    def render(self, series: Sequence[str], parameters: Sequence[str]) -> str:
        """Return text that parses back to the same expression."""
        if self.symbol and len(series) == 2:
            return f"({series[0]} {self.symbol} {series[1]})"
        if self.symbol:
            return f"({self.symbol}{series[0]})"
        return f"{self.name}({', '.join([*series, *parameters])})"

    @property
    def usage(self) -> str:
        """How it is written."""
        return self.render(self.series, [each.name for each in self.parameters])
