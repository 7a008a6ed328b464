"""A lab's bars as a table: the same as from a file, and a clear word for symbols that are not there."""

from pathlib import Path

import polars as pl
import pytest

from common.errors import BarFileError
from common.market.sample import sample_market
from common.market.store import load_bars
from common.research.dataset import Dataset
from common.research.lab import Lab
from common.research.lab_table import table_of
from common.research.periods import Segment
from tests.common.research.small_market import RECIPE


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clean file of daily bars."""
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    good = load_bars(_written(path))
    frame = good.frame.with_columns(datetime=pl.from_epoch("stamp", time_unit="ns").cast(pl.Datetime("us")))
    frame.drop("time", "stamp").write_parquet(path)
    return path


def _written(path: Path) -> Path:
    sample_market(symbols=20, days=110).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def lab(file: Path, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A lab with the file's bars."""
    made = Lab(tmp_path_factory.mktemp("lab"), clock=lambda: 1, author="tester")
    made.save_bar_data(pl.read_parquet(file), "d")
    return made


def test_a_labs_bars_make_the_same_dataset(lab: Lab, file: Path) -> None:
    """Row by row what the file makes."""
    ours, theirs = Dataset.of(table_of(lab, "d"), RECIPE), Dataset.of(load_bars(file), RECIPE)
    for segment in (Segment.TRAIN, Segment.VALID):
        assert ours.fetch_learn(segment).equals(theirs.fetch_learn(segment))


def test_a_table_may_hold_some_symbols_and_days(lab: Lab) -> None:
    """Those asked for."""
    symbols = lab.list_bar_symbols("d")[:3]
    table = table_of(lab, "d", symbols, start="2021-02-01", end="2021-03-31")
    assert table.frame["symbol"].unique().sort().to_list() == symbols
    moments = pl.from_epoch(table.frame["stamp"], time_unit="ns").dt.date()
    assert (str(moments.min()), str(moments.max())) == ("2021-02-01", "2021-03-31")


def test_an_unknown_symbol_of_the_universe_is_refused(lab: Lab) -> None:
    """With the closest one, and how many there are."""
    known = lab.list_bar_symbols("d")
    with pytest.raises(BarFileError, match=f"no d bars of '{known[0]}X' and 1 more; did you mean '{known[0]}'"):
        table_of(lab, "d", [f"{known[0]}X", known[1], "ZZZ"])


def test_an_empty_lab_or_span_is_refused(lab: Lab, tmp_path: Path) -> None:
    """Saying which."""
    with pytest.raises(BarFileError, match="no d bars between 1990-01-01"):
        table_of(lab, "d", start="1990-01-01", end="1990-12-31")
    with pytest.raises(BarFileError, match="save some first"):
        table_of(Lab(tmp_path / "empty", clock=lambda: 1, author="tester"), "d")
