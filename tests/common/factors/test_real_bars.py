"""The shipped sets on real bars, with their gaps, late listings and unadjusted jumps."""

import os
from pathlib import Path

import numpy as np
import pytest

from common.factors.block import Block
from common.factors.plan import compile_set
from common.factors.sets import load_set, shipped_sets
from common.market.panel import Panel
from common.market.store import load_bars
from tests.common.factors.panels import assert_same_bits, compute

FILES = ("sp500_daily_2013_2018", "us_daily_asreceived_2015_2017", "us_equity_1min_2019feb")


@pytest.fixture(scope="module", params=FILES)
def block(request: pytest.FixtureRequest) -> Block:
    """The last 400 sections of a file of real bars, everyone a member."""
    folder = os.environ.get("ALPHABUS_DATA")
    if not folder:
        pytest.skip("ALPHABUS_DATA is not set: the real bars are not there to be read")
    panel = Panel.from_frame(load_bars(Path(folder) / f"{request.param}.parquet").frame)
    panel = panel.slice(len(panel) - 400, len(panel))
    return Block(panel.symbols, panel.columns, np.ones(panel.present.shape, dtype=np.bool_))


@pytest.mark.bars
@pytest.mark.parametrize("name", shipped_sets())
def test_cuts_do_not_matter_on_real_bars(name: str, block: Block) -> None:
    """Random blocks, and whole, give the same bits; there is a value for every bar but where it is not defined."""
    plan = compile_set(load_set(name))
    whole = compute(plan, block)
    cuts = np.random.default_rng(1).integers(1, 400, 40)
    assert_same_bits(compute(plan, block, cuts.tolist()), whole)
    assert np.isfinite(whole).mean() > 0.5
