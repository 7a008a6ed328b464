"""The shipped sets pass the checks on real bars, with their gaps, late listings, stubs and jumps."""

from pathlib import Path

import pytest

from common.factors.sets import load_set, shipped_sets
from common.market.parts import open_parts
from common.research.factor_checks.checking import check_factors
from common.research.factor_checks.subject import Subject
from common.research.factor_checks.window import Extent

SILENT = {"alpha96"}
"""Factors that have next to no numbers, and why: docs/factors.md."""

FILES = ("sp500_daily_2013_2018", "us_daily_asreceived_2015_2017", "us_equity_1min_2019feb")


@pytest.mark.bars
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("shipped", shipped_sets())
def test_shipped_sets_pass(shipped: str, name: str, real_bars: Path) -> None:
    """Every factor, by every check; nothing stays untested but what has no numbers."""
    bars = open_parts(real_bars / f"{name}.parquet")
    outcome = check_factors(Subject.of(load_set(shipped)), bars, extent=Extent(symbols=24, samples=2))
    assert [each.facts.name for each in outcome.factors if each.verdict == "fail"] == []
    assert {each.facts.name for each in outcome.factors if each.untested} <= SILENT


OWN = """
label = "ts_delay(close, -5) / ts_delay(close, -1) - 1"
max_gap = 3
reset = "session"

[operators]
"change(x)" = "x / ts_delay(x, 1) - 1"

[factors]
calm = "-ts_std(change(close), 5)"
calm_rank = "cs_rank(calm)"
busy = "ts_mean(cs_scale(change(volume)), 5)"
strength = "ta_rsi(close, 4)"
"""


@pytest.mark.bars
@pytest.mark.parametrize("name", ["us_equity_1min_2019feb", "us_equity_15min_2019jan_feb"])
def test_a_set_of_ones_own_passes(name: str, real_bars: Path, tmp_path: Path) -> None:
    """With operators of its own; symbols start anew with each session and after gaps, and do so on these bars."""
    (tmp_path / "own.toml").write_text(OWN, encoding="utf-8")
    bars, subject = open_parts(real_bars / f"{name}.parquet"), Subject.of(load_set(str(tmp_path / "own.toml")))
    outcome = check_factors(subject, bars, extent=Extent(samples=3))
    assert [each.facts.name for each in outcome.factors if each.verdict == "fail"] == []
    assert [each.facts.name for each in outcome.factors if each.untested] == []
    assert outcome.anew
