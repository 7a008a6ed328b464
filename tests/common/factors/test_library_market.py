"""Every factor of every shipped set on the sample market: bars taken away, the future changed, warm values there."""

from pathlib import Path

import numpy as np
import pytest

from common.factors.block import Block
from common.factors.plan import Plan, compile_set
from common.factors.sets import load_set, shipped_sets
from common.market.panel import Panel
from common.market.sample import sample_market
from common.market.store import load_bars
from tests.common.factors.panels import Floats, assert_same_bits, compute, pick, without_bar

SYMBOLS, DAYS = 24, 400
SETS = {name: load_set(name) for name in shipped_sets()}
PLANS = {name: compile_set(each) for name, each in SETS.items()}
EVERY_SET = pytest.mark.parametrize("name", SETS)

UNDEFINED_IN = {"alpha101": 0.95, "alpha158": 0.0, "basic": 0.0}
"""Share of a factor's warm values that may be NaN: among 24 symbols ranks stand still over many a short window, and a
correlation over a constant window is NaN (rule 6)."""

HARDLY_EVER = frozenset({"alpha92", "alpha96"})
"""Factors that ask for dozens of such correlations in a row; all of them must be numbers."""


@pytest.fixture(scope="module")
def block(tmp_path_factory: pytest.TempPathFactory) -> Block:
    """Late listings, a suspension, missing and bad bars, and a turnover that is not close x volume; all are members."""
    path = tmp_path_factory.mktemp("sample") / "sample.parquet"
    sample_market(symbols=SYMBOLS, days=DAYS).write_parquet(path)
    panel = Panel.from_frame(load_bars(path).frame)
    return Block(panel.symbols, panel.columns, np.ones(panel.present.shape, dtype=np.bool_))


@pytest.fixture(scope="module")
def full(block: Block) -> dict[str, Floats]:
    """Values of every set on the whole market."""
    return {name: compute(plan, block) for name, plan in PLANS.items()}


def _own(name: str) -> list[int]:
    """Places of the factors that look at no other symbol."""
    return [i for i, (_, text) in enumerate(SETS[name].factors) if "cs_" not in text]


def _alone(plan: Plan, block: Block, section: int, symbol: int) -> Floats:
    """Values of one symbol, itself a market, whose calendar lacks a section: f8[F, B-1]."""
    single = pick(block, [symbol])
    columns = {name: np.delete(column, section, axis=0) for name, column in single.columns.items()}
    return compute(plan, Block(single.symbols, columns, np.delete(single.member, section, axis=0)))[:, :, 0]


@EVERY_SET
@pytest.mark.parametrize("seed", range(2))
def test_one_bar_less(name: str, seed: int, block: Block, full: dict[str, Floats]) -> None:
    """Nothing before it changes, the bar has no values, and later ones are those of a history without it."""
    random = np.random.default_rng(seed)
    bars = np.argwhere(np.isfinite(block.columns["close"][100:]))
    section, symbol = (int(each) for each in bars[random.integers(len(bars))] + [100, 0])
    plan, own = PLANS[name], _own(name)
    less = compute(plan, without_bar(block, section, symbol))
    assert np.isnan(less[:, section, symbol]).all()
    assert_same_bits(less[:, :section], full[name][:, :section])
    others = np.delete(np.arange(len(block.symbols)), symbol)
    assert_same_bits(less[own][:, :, others], full[name][own][:, :, others])
    assert_same_bits(np.delete(less[own], section, axis=1)[:, :, symbol], _alone(plan, block, section, symbol)[own])


@EVERY_SET
@pytest.mark.parametrize("section", [60, 330])
def test_no_future(name: str, section: int, block: Block, full: dict[str, Floats]) -> None:
    """Other bars, no bars and other members from a section on: every earlier value keeps its bits."""
    random = np.random.default_rng(section)
    columns = {each: column.copy() for each, column in block.columns.items()}
    gone = random.random((DAYS - section, SYMBOLS)) < 0.2
    for column in columns.values():
        column[section:] = column[section:][::-1] * random.uniform(0.5, 2.0, gone.shape)
        column[section:][gone] = np.nan
    member = block.member.copy()
    member[section:] = random.random(gone.shape) < 0.5
    assert_same_bits(compute(PLANS[name], Block(block.symbols, columns, member))[:, :section], full[name][:, :section])


@EVERY_SET
def test_no_value_without_a_bar(name: str, block: Block, full: dict[str, Floats]) -> None:
    """Where a symbol has no bar, before its listing or in a hole, no factor has a value."""
    absent = ~np.isfinite(block.columns["close"])
    assert absent.any()
    assert np.isnan(full[name][:, absent]).all()


@EVERY_SET
def test_warm_values_are_there(name: str, block: Block, full: dict[str, Floats]) -> None:
    """Each factor of each warm bar is a finite number, but where it is not defined."""
    present = np.isfinite(block.columns["close"])
    warm = present & (np.cumsum(present, axis=0) >= PLANS[name].warm_bars)
    lacking = {
        factor: share
        for factor, share in zip(PLANS[name].names, 1 - np.isfinite(full[name][:, warm]).mean(axis=1), strict=True)
        if share > UNDEFINED_IN[name] and factor not in HARDLY_EVER
    }
    assert lacking == {}


def test_vwap_is_no_close(block: Block) -> None:
    """The market on which texts with vwap are judged: turnover / volume lies inside the bar, away from the close."""
    columns = block.columns
    with np.errstate(invalid="ignore"):
        distance = np.abs(columns["turnover"] / columns["volume"] / columns["close"] - 1)
    assert np.nanmedian(distance) > 1e-3


def test_the_sets_lie_where_they_are_looked_for() -> None:
    """158 and 82 factors, by vnpy's names, and its label."""
    assert [len(SETS[name].factors) for name in ("alpha158", "alpha101")] == [158, 82]
    assert SETS["alpha158"].factors[0] == ("kmid", "(close - open) / open")
    assert SETS["alpha101"].factors[-1] == ("alpha101", "((close - open) / ((high - low) + 0.001))")
    assert {SETS[name].label for name in ("alpha158", "alpha101")} == {"ts_delay(close, -3) / ts_delay(close, -1) - 1"}
    assert (Path(__file__).parents[3] / "common/factors/library/alpha158.toml").is_file()
