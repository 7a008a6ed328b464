"""What both sides of the training benchmark are given: bars, spans in days, rounds and threads."""

import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

from scripts.bench.factor_market import write_market

FILE, MARKET = "request.json", "market.npy"

Days = tuple[int, int]
"""First and last day of a span, counted from 0, both included."""


@dataclass(frozen=True, slots=True)
class Task:
    """A dataset and a fit; each span begins where every look-back is full and ends before the next one."""

    symbols: int
    days: int
    train: Days
    valid: Days
    test: Days
    rounds: int
    threads: int = 2

    @classmethod
    def of(cls, symbols: int, days: int, rounds: int) -> Self:
        """Six tenths to train, two to validate, two to test, after the 60 days of the longest look-back."""
        edges = [60 + (days - 60) * share // 10 for share in (0, 6, 8, 10)]
        train, valid, test = ((first, last - 1) for first, last in pairwise(edges))
        return cls(symbols, days, train, valid, test, rounds)

    @property
    def shape(self) -> str:
        """For people."""
        return f"{self.symbols:,} symbols x {self.days:,} days"

    def write(self, folder: Path) -> None:
        """Put it and its market where a peer looks for them."""
        write_market(folder / MARKET, self.days, self.symbols)
        (folder / FILE).write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self:
        """What was written."""
        words: dict[str, Any] = json.loads((folder / FILE).read_text(encoding="utf-8"))
        spans: dict[str, Any] = {name: tuple(words.pop(name)) for name in ("train", "valid", "test")}
        return cls(**words, **spans)
