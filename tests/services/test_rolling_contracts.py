"""Contracts that begin and end for ever: what feed and engine hold of them stays as large as it was."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest

from alphabus.messages import Mode
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from common.market.membership import Membership
from services.bar_feed.alignment import Alignment
from services.factor_engine.desk import Desk
from services.factor_engine.snapshot import decode_snapshot
from tests.services.markets import raw_section

SET = FactorSet(
    "rolling", (("mean", "ts_mean(close, 3)"), ("ema", "ta_ema(close, 2)"), ("rank", "cs_rank(volume)")),
    "ts_delay(close, -1) / close - 1", max_gap=8,
)  # fmt: skip


@dataclass
class Chain:
    """Feed and engine in one."""

    forget: int | None
    symbols: tuple[str, ...] = ()
    desk: Desk = field(default_factory=lambda: Desk(compile_set(SET)))

    def __post_init__(self) -> None:
        self.alignment = Alignment(Membership(2, forget_bars=self.forget))

    def section(self, bar: int, closes: dict[str, float]) -> dict[str, bytes]:
        """Factors and marks of everybody with a bar, as bytes."""
        universe, bars = self.alignment.align(raw_section(bar, closes), b"j" * 16, bar, Mode.REPLAY)
        self.symbols = self.symbols if universe is None else universe.symbols
        found = self.desk.update(bars, self.symbols).columns
        rows = np.array([np.asarray(column, np.float64) for column in found.values()])
        return {symbol: rows[:, place].tobytes() for place, symbol in enumerate(self.symbols) if symbol in closes}


def traded(bar: int) -> dict[str, float]:
    """Six contracts, two new ones every third section; one more that is back after ten sections and after twenty."""
    first = bar // 3 * 2
    closes = {f"C{number:04}": 10.0 + number % 7 + bar % 5 for number in range(first, first + 6)}
    return closes | ({"BACK": 5.0 + bar % 3} if bar % 30 in {0, 1, 11, 12} else {})


@pytest.mark.parametrize("forget", [3, 12])
def test_nothing_grows_and_no_value_differs(forget: int) -> None:
    """Beside a feed that never forgets, before and after the gap that the set allows; state and snapshot are level."""
    keeps, forgets, sizes = Chain(None), Chain(forget), list[tuple[int, int, int]]()
    for bar in range(1, 301):
        assert forgets.section(bar, traded(bar)) == keeps.section(bar, traded(bar))
        sizes.append((len(forgets.symbols), forgets.desk._engine.nbytes, len(forgets.desk.hold()())))
    for size in zip(*sizes, strict=True):
        assert max(size[200:]) == max(size[100:200])
    assert len(keeps.symbols) > 200
    assert max(listed for listed, _, _ in sizes) < 30
    assert max(held for _, held, _ in sizes) < keeps.desk._engine.nbytes


def test_a_restart_after_somebody_left_does_not_show() -> None:
    """Who is away is in the snapshot: from each one on the sections have the same bits."""
    lasting, restarted = Chain(3), Chain(3)
    for bar in range(1, 60):
        assert restarted.section(bar, traded(bar)) == lasting.section(bar, traded(bar))
        saved = decode_snapshot(restarted.desk.hold()())
        restarted.desk = Desk(compile_set(SET))
        restarted.desk.resume(saved.position, saved.state)
