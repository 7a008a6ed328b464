"""The shipped sets pass the checks on real bars, with their gaps, late listings, stubs and jumps."""

from pathlib import Path

import pytest

from common.factors.sets import load_set
from common.market.parts import open_parts
from common.research.factor_checks.checking import check_factors
from common.research.factor_checks.subject import Subject
from common.research.factor_checks.window import Extent

# The whole of alpha101 takes minutes; its factors are tested one by one elsewhere.
SETS = ("basic", "alpha158")
FILES = ("sp500_daily_2013_2018", "us_daily_asreceived_2015_2017", "us_equity_1min_2019feb")


@pytest.mark.bars
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("shipped", SETS)
def test_shipped_sets_pass(shipped: str, name: str, real_bars: Path) -> None:
    """Every factor, by every check; nothing stays untested."""
    bars = open_parts(real_bars / f"{name}.parquet")
    outcome = check_factors(Subject.of(load_set(shipped)), bars, extent=Extent(symbols=40, samples=2))
    found = {tally.verdict for each in outcome.factors for tally in each.tallies.values()}
    assert outcome.passed
    assert found == {"ok"}
