"""The training benchmark with vnpy on the other side, small."""

from __future__ import annotations

from pathlib import Path

from scripts.bench.training import GOALS
from tests.scripts.bench.test_training import LABEL_BARS, TINY, measured


def test_both_sides_learn_from_the_same_rows(tmp_path: Path) -> None:
    """But for the days whose labels reach into the next span, which vnpy learns from; every goal has a verdict."""
    rows = measured(tmp_path)
    learnt = rows["rows learnt from"]
    assert learnt.ours is not None
    assert learnt.theirs is not None
    assert learnt.theirs - learnt.ours == LABEL_BARS * TINY.symbols
    assert {rows[f"{what}, {TINY.shape}"].met for what in GOALS} <= {True, False}
