"""What a backtest must know of a contract: fee rates, size, price tick; a JSON file as vnpy.alpha writes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite
from pathlib import Path
from typing import Any, Self

from common.atomic import replacing
from common.errors import LabError
from common.nearest import did_you_mean
from common.research.lab.files import alone

_SHOWN = 100
"""Letters of a wrong setting that an error shows."""


@dataclass(frozen=True, slots=True)
class Contract:
    """Fees as a share of turnover, `size` units a lot, `pricetick` the smallest step of a price."""

    long_rate: float
    short_rate: float
    size: float
    pricetick: float

    def __post_init__(self) -> None:
        for name in _names():
            value = getattr(self, name)
            sound = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0
            if not sound or (value == 0 and name in {"size", "pricetick"}):
                least = "more than 0" if name in {"size", "pricetick"} else "0 or more"
                raise LabError(f"{name} of a contract is a number, {least}, not {value!r}")

    @classmethod
    def of(cls, setting: object, where: str) -> Self:
        """A contract from a file's table of these four; LabError, which `where` begins, for any other content."""
        if not isinstance(setting, dict) or set(setting) != set(_names()):
            shown = repr(setting)[:_SHOWN]
            raise LabError(f"{where}: a contract has {', '.join(_names())}, these and no others, not {shown}")
        try:
            return cls(**setting)
        except LabError as error:
            raise LabError(f"{where}: {error}") from None


@dataclass(frozen=True, slots=True)
class Contracts:
    """All contracts, in one file."""

    path: Path

    def load(self) -> dict[str, Contract]:
        """By symbol, ascending; LabError for a file that is not ours to read."""
        if not self.path.exists():
            return {}
        try:
            rows: Any = json.loads(self.path.read_text(encoding="utf-8"))
            return {symbol: Contract.of(row, symbol) for symbol, row in sorted(rows.items())}
        except (OSError, ValueError, AttributeError, LabError) as error:
            raise LabError(f"{self.path}: no contract settings: {error}; mend or remove the file") from error

    def add(self, contracts: Mapping[str, Contract]) -> None:
        """Add some by symbol, or replace them."""
        with alone(self.path):
            self._write({**self.load(), **contracts})

    def remove(self, symbol: str) -> None:
        """Remove one; LabError with the closest symbol if it is not there."""
        with alone(self.path):
            known = self.load()
            if symbol not in known:
                raise LabError(f"{self.path}: no contract {symbol!r}{did_you_mean(symbol, list(known))}")
            self._write({name: contract for name, contract in known.items() if name != symbol})

    def _write(self, contracts: Mapping[str, Contract]) -> None:
        rows = {symbol: asdict(contract) for symbol, contract in sorted(contracts.items())}
        with replacing(self.path) as temporary:
            temporary.write_text(json.dumps(rows, indent=4, ensure_ascii=False) + "\n", encoding="utf-8")


def _names() -> list[str]:
    return [each.name for each in fields(Contract)]
