"""From bars and values to figures and a page."""

import json
import re
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.errors import BarFileError, FactorError
from common.market.panel import Panel
from common.market.sample import sample_market
from common.market.span import Span
from common.market.store import BarTable, load_bars
from common.research.analysis.analysis import analyse
from common.research.analysis.cells import cells
from common.research.analysis.page import page
from common.research.analysis.signal_file import read_signal_file
from common.research.analysis.subject import Subject, forward_returns, subject_of
from common.research.periods import shown


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


def test_what_cannot_be_said_is_an_empty_cell(table: BarTable) -> None:
    """In the table of the terminal and in that of the page: a horizon longer than the bars has figures of none."""
    panel = Panel.from_frame(table.frame)
    whole = perfect(table, 5)
    long = forward_returns(panel, [1, len(panel)])
    analysis = analyse(replace(whole, returns=long))
    known, unknown = (cells(analysis, horizon) for horizon in (1, len(panel)))
    assert all(known.values())
    assert {name for name, cell in unknown.items() if cell} == {"bars", "sections", "Q1 .. Qn bp"}
    assert unknown["Q1 .. Qn bp"] == "- - - - -"
    text = page(analysis)
    body = text[text.index("<table>") : text.index("</table>")]
    assert "nan" not in body
    assert body.count("<td></td>") == 7


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


def test_signals_of_other_bars_are_told_beside_the_bars(table: BarTable) -> None:
    """When both are and of whom, with the symbol that was meant; or that there is no number at all."""
    panel = Panel.from_frame(table.frame)
    first, last, symbols = panel.stamp.min(), panel.stamp.max(), panel.symbols
    frame = pl.DataFrame({
        "datetime": pl.Series([datetime(1999, 1, 4), datetime(1999, 1, 6)]),  # noqa: DTZ001  as bars write stamps
        "symbol": [f"{symbols[0]}x"] * 2,
        "signal": [1.0, 2.0],
    })  # fmt: skip
    held = f"the bars of {shown(Span(int(first), int(last)))} and {len(symbols)} symbols such as {symbols[0]!r}"
    theirs = f"its values are of 1999-01-04 to 1999-01-06 and 1 symbol such as '{symbols[0]}x', "
    with pytest.raises(BarFileError, match=re.escape(f"{theirs}{held}; did you mean {symbols[0]!r}?")):
        subject_of("mine", panel, frame, "signal", [1])
    with pytest.raises(BarFileError, match=re.escape(f"{held}") + "$"):
        subject_of("mine", panel, frame.with_columns(symbol=pl.lit(symbols[0])), "signal", [1])
    with pytest.raises(BarFileError, match="it holds no number beside a datetime"):
        subject_of("mine", panel, frame.with_columns(signal=pl.lit(None, pl.Float64)), "signal", [1])


def test_of_a_replay_only_computed_last_revisions_count(tmp_path: Path) -> None:
    """A held section repeats an opinion, and a revision replaces what it revises."""
    frame = pl.DataFrame({
        "datetime": ["2024-01-01", "2024-01-01", "2024-01-02"], "symbol": ["A", "A", "A"], "signal": [1.0, 2.0, 2.0],
        "status": ["held", "late", "held"], "revision": [0, 1, 0], "arm": ["champion"] * 3,
    })  # fmt: skip
    frame.write_parquet(tmp_path / "signals.parquet")
    assert read_signal_file(tmp_path / "signals.parquet")["signal"].to_list() == [2.0]


def test_of_several_arms_one_is_meant(tmp_path: Path) -> None:
    """Whatever they are called, none wins by its name; where there is no other it need not be said."""
    path = tmp_path / "signals.parquet"
    frame = pl.DataFrame({
        "datetime": ["2024-01-01"] * 2, "symbol": ["A"] * 2, "signal": [1.0, -1.0],
        "status": ["fresh"] * 2, "revision": [0, 0], "arm": ["champion", "momentum"],
    })  # fmt: skip
    frame.write_parquet(path)
    with pytest.raises(BarFileError, match=r"signals of 2 arms, champion, momentum: say which by --arm"):
        read_signal_file(path)
    assert read_signal_file(path, arm="champion")["signal"].to_list() == [1.0]
    assert read_signal_file(path, arm="momentum")["signal"].to_list() == [-1.0]
    with pytest.raises(BarFileError, match="no signals of an arm 'momentun'; did you mean 'momentum'"):
        read_signal_file(path, arm="momentun")
    frame.drop("arm").write_parquet(path)
    with pytest.raises(BarFileError, match="no signals of an arm 'champion'"):
        read_signal_file(path, arm="champion")


def test_two_values_at_one_bar_are_refused(table: BarTable) -> None:
    """However the datetime is written; with one of the bars."""
    panel = Panel.from_frame(table.frame)
    frame = table.frame.select(
        pl.from_epoch("stamp", time_unit="ns").dt.strftime("%Y-%m-%d").alias("datetime"), "symbol", signal="close"
    )
    again = frame.head(1).with_columns(datetime=pl.col("datetime").str.replace_all("-", ""), signal=1.0)
    first = f"{frame['symbol'][0]} at {frame['datetime'][0]}T00:00:00"
    with pytest.raises(BarFileError, match=f"mine: 2 rows stand at .*, such as {first}: leave one row"):
        subject_of("mine", panel, pl.concat([frame, again]), "signal", [1])


def test_what_is_no_signal_file_is_refused_by_name(tmp_path: Path) -> None:
    """The file, the column, and the one that was meant."""
    (tmp_path / "broken.parquet").write_bytes(b"no parquet")
    with pytest.raises(BarFileError, match=r"broken.parquet: cannot be read"):
        read_signal_file(tmp_path / "broken.parquet")
    pl.DataFrame({"datetime": [1], "symbol": ["A"], "signals": [1.0]}).write_parquet(tmp_path / "near.parquet")
    with pytest.raises(BarFileError, match=r"no column 'signal'.*signals"):
        read_signal_file(tmp_path / "near.parquet")
