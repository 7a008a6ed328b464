"""From bars and values to figures and a page."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.errors import BarFileError, FactorError
from common.market.panel import Panel
from common.market.sample import sample_market
from common.market.store import BarTable, load_bars
from common.research.analysis.analysis import analyse
from common.research.analysis.page import page
from common.research.analysis.signal_file import read_signal_file
from common.research.analysis.subject import Subject, forward_returns, subject_of


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """A small market with missing bars."""
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    sample_market(symbols=30, days=120).write_parquet(path)
    return load_bars(path)


def perfect(table: BarTable, horizon: int = 1) -> Subject:
    """A factor that is the return that follows."""
    panel = Panel.from_frame(table.frame)
    returns = forward_returns(panel, [1, 5])
    return Subject("perfect", panel.stamp, panel.symbols, returns[horizon], returns)


def test_returns_start_a_bar_later_on_own_bars(table: BarTable) -> None:
    """From the close of the next bar a symbol has, to the close of the one after; gaps of others do not count."""
    panel = Panel.from_frame(table.frame)
    found = forward_returns(panel, [1, 3])
    for place in range(len(panel.symbols)):
        rows = np.flatnonzero(panel.present[:, place])
        close = panel.columns["close"][rows, place]
        for horizon, returns in found.items():
            expected = np.full(len(rows), np.nan)
            expected[: -1 - horizon] = close[1 + horizon :] / close[1:-horizon] - 1
            np.testing.assert_array_equal(returns[rows, place], expected)


def test_foresight_has_a_perfect_coefficient_and_ordered_quantiles(table: BarTable) -> None:
    """Rank IC 1, every later quantile earns more, and the figures are JSON."""
    figures = json.loads(json.dumps(analyse(perfect(table)).figures()))
    one = figures["horizons"]["1"]
    assert one["rank_ic"]["summary"]["mean"] == pytest.approx(1.0)
    assert one["quantile_returns"] == sorted(one["quantile_returns"])
    assert one["spread"] == pytest.approx(one["quantile_returns"][-1] - one["quantile_returns"][0])
    assert one["rank_ic"]["positive"] == 1.0


def test_later_bars_change_no_earlier_figure(table: BarTable) -> None:
    """Cutting the last thirty sections away leaves the series before them as they were."""
    whole = analyse(perfect(table))
    panel = Panel.from_frame(table.frame)
    cut = panel.slice(0, len(panel) - 30)
    subject = Subject("cut", cut.stamp, cut.symbols, whole.subject.values[: len(cut)], forward_returns(cut, [1]))
    again = analyse(subject)
    last = len(cut) - 5
    np.testing.assert_array_equal(again.series[1][:last], whole.series[1][:last])
    np.testing.assert_array_equal(again.turnover[1][:last], whole.turnover[1][:last])


def test_too_few_symbols_are_refused(table: BarTable) -> None:
    """Says how many there are at most, and what to do."""
    with pytest.raises(FactorError, match="no section has 50 values, the most is"):
        analyse(perfect(table), buckets=50)
    with pytest.raises(FactorError, match="at least 2"):
        analyse(perfect(table), buckets=1)


@pytest.mark.parametrize("horizons", [[], [0], [-1, 5]])
def test_a_horizon_that_looks_nowhere_or_back_is_refused(horizons: list[int], table: BarTable) -> None:
    """A return needs at least a bar."""
    with pytest.raises(FactorError, match="1 bar or more"):
        forward_returns(Panel.from_frame(table.frame), horizons)


def test_a_page_holds_the_table_the_plots_and_no_address(table: BarTable) -> None:
    """It opens without a network, and a name cannot break it."""
    subject = perfect(table)
    odd = Subject("<b>odd</b>", subject.stamp, subject.symbols, subject.values, subject.returns)
    text = page(analyse(odd))
    assert "<h1>&lt;b&gt;odd&lt;/b&gt;</h1>" in text
    assert text.count('class="plotly-graph-div"') == 5
    assert '<script src="http' not in text


def test_a_signal_file_is_placed_by_stamp_and_symbol(table: BarTable, tmp_path: Path) -> None:
    """Rows of other symbols or stamps are left out; only foreign rows are an error."""
    panel = Panel.from_frame(table.frame)
    frame = table.frame.select(
        pl.from_epoch("stamp", time_unit="ns").alias("datetime"), "symbol", pl.col("close").alias("signal")
    )
    foreign = frame.head(3).with_columns(pl.lit("NOBODY").alias("symbol"))
    subject = subject_of("closes", panel, pl.concat([frame, foreign]), "signal", [1])
    np.testing.assert_array_equal(subject.values, panel.columns["close"])
    with pytest.raises(BarFileError, match="none of its 3 rows"):
        subject_of("closes", panel, foreign, "signal", [1])


def test_of_a_replay_only_computed_last_revisions_count(tmp_path: Path) -> None:
    """A held section repeats an opinion, and a revision replaces what it revises."""
    frame = pl.DataFrame({
        "datetime": ["2024-01-01", "2024-01-01", "2024-01-02"], "symbol": ["A", "A", "A"], "signal": [1.0, 2.0, 2.0],
        "status": ["held", "late", "held"], "revision": [0, 1, 0], "arm": ["champion"] * 3,
    })  # fmt: skip
    frame.write_parquet(tmp_path / "signals.parquet")
    assert read_signal_file(tmp_path / "signals.parquet")["signal"].to_list() == [2.0]


def test_what_is_no_signal_file_is_refused_by_name(tmp_path: Path) -> None:
    """The file, the column, and the one that was meant."""
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    with pytest.raises(BarFileError, match=r"broken.parquet: cannot be read"):
        read_signal_file(tmp_path / "broken.parquet")
    pl.DataFrame({"datetime": [1], "symbol": ["A"], "signals": [1.0]}).write_parquet(tmp_path / "near.parquet")
    with pytest.raises(BarFileError, match=r"no column 'signal'.*signals"):
        read_signal_file(tmp_path / "near.parquet")
