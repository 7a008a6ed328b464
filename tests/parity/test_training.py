"""The training benchmark with vnpy on the other side, small."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alphabus.clock import SystemClock
from scripts.bench.reporting import Bench
from scripts.bench.training import GOALS, measure
from scripts.bench.training_market import Task

TINY = Task.of(20, 130, rounds=2)
LABEL_BARS = 3


def track(_what: str, _steps: int) -> Callable[[], None]:
    """Show nothing."""
    return lambda: None


def test_both_sides_learn_from_the_same_rows(tmp_path: Path) -> None:
    """But for the days whose labels reach into the next span, which vnpy learns from; every goal has a verdict."""
    rows = {row.what: row for row in measure(TINY, Bench(tmp_path, SystemClock(), track))}
    learnt = rows["rows learnt from"]
    assert learnt.ours is not None
    assert learnt.theirs is not None
    assert learnt.theirs - learnt.ours == LABEL_BARS * TINY.symbols
    assert {rows[f"{what}, {TINY.shape}"].met for what in GOALS} <= {True, False}
