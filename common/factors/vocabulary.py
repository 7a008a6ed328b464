"""The names a text may use, and what was meant by one that is not among them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from common.factors.definition import COLUMNS, Operator
from common.factors.expression import Expression, Number
from common.factors.foreign import NAMES
from common.factors.operators import OPERATORS
from common.nearest import did_you_mean


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Names of series and constants beside the columns, and operators; `beside` are other factors, for hints alone."""

    series: Mapping[str, Expression] = field(default_factory=dict)
    constants: Mapping[str, Number] = field(default_factory=dict)
    operators: Mapping[str, Operator] = field(default_factory=lambda: OPERATORS)
    beside: Collection[str] = ()

    def called(self, name: str) -> Operator | None:
        """The operator that is written by this name; None for a sign's, too."""
        found = self.operators.get(name)
        return None if found is None or found.symbol else found

    def unknown(self, name: str) -> str:
        """Say what an unknown name could be."""
        if (operator := self.called(name)) is not None:
            return f"operator {name!r} without arguments; write {operator.usage}"
        here = [*self.series, *self.constants, *COLUMNS]
        known = [*here, *self.beside, *self._written()]
        return f"unknown name {name!r}{did_you_mean(name, known, dict.fromkeys(here))}"

    def unknown_operator(self, name: str) -> str:
        """Say which operator was meant by a name that none has: one that others call so, the closest, or all."""
        if (instead := NAMES.get(name.lower())) is not None:
            return f"unknown operator {name!r}; write {instead}"
        alike = [each for each in self._written() if each.partition("_")[2] == name.lower()]
        return f"unknown operator {name!r}{did_you_mean(name, alike or self._written(), most=None)}"

    def _written(self) -> list[str]:
        """Name the operators that are called by name."""
        return [row.name for row in self.operators.values() if not row.symbol]
