"""Small markets made from a seed: who trades is left to chance, and some sections are partial."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np

from alphabus.messages import Mode
from alphabus.testing import day_ns
from common.factors.sets import FactorSet
from services.bar_feed.sources import RawSection

TOY_SET = FactorSet(
    "toy",
    (("return_1", "close / ts_delay(close, 1) - 1"), ("mean_3", "ts_mean(close, 3)"), ("rank", "cs_rank(close)")),
    "ts_delay(close, -1) / close - 1",
)
FEATURES = tuple(name for name, _ in TOY_SET.factors)


@dataclass(frozen=True, slots=True)
class ToySource:
    """A source of sections that are there from the start; the first `split` are history."""

    sections: tuple[RawSection, ...]
    split: int
    mode: Mode = Mode.REPLAY
    clock_ns: int | None = None

    def history(self, after: int) -> Iterator[RawSection]:
        """Sections before the split."""
        return (section for section in self.sections[: self.split] if section.time > after)

    def live(self, after: int) -> Iterator[RawSection]:
        """Sections from the split on."""
        return (section for section in self.sections[self.split :] if section.time > after)

    def now(self, _ahead_ns: int) -> int | None:
        """No clock unless one is given: then every section up to `clock_ns` is complete."""
        return self.clock_ns

    def facts(self) -> Mapping[str, Any]:
        """Nothing worth saying."""
        return {}


def raw_section(bar: int, closes: Mapping[str, float]) -> RawSection:
    """One section of flat bars with these closes, by symbol."""
    symbols = tuple(sorted(closes))
    close = np.array([closes[symbol] for symbol in symbols])
    columns = {name: close.copy() for name in ("open", "high", "low", "close")}
    return RawSection(day_ns(bar), day_ns(bar) - 1, symbols, {**columns, "volume": close * 100.0})


def toy_market(seed: int, *, history: int = 4, live: int = 14, symbols: int = 5) -> ToySource:
    """Random walks; a symbol may come late or miss a bar, and one section in six holds a single symbol."""
    dice = Random(seed)  # noqa: S311  dice, not secrets
    names = [f"S{number}" for number in range(symbols)]
    born = {name: dice.randrange(3) if place else 0 for place, name in enumerate(names)}
    closes = {name: 10.0 + dice.random() for name in names}
    sections = []
    for bar in range(1, history + live + 1):
        closes = {name: close * (1 + dice.uniform(-0.05, 0.05)) for name, close in closes.items()}
        alive = [name for name in names if bar > born[name]]
        share = 0.0 if bar > history and dice.random() < 1 / 6 else 0.85
        present = [name for name in alive if dice.random() < share] or alive[:1]
        sections.append(raw_section(bar, {name: closes[name] for name in present}))
    return ToySource(tuple(sections), history)
