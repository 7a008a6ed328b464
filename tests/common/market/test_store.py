"""Loading files of bars: parquet and CSV alike, any row order, and clear words for files that cannot be used."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.errors import BarFileError
from common.market.sample import sample_market
from common.market.store import load_bars
from tests.common.market.conftest import HEADER, WriteBars

WriteParquet = Callable[[pl.DataFrame], Path]
DAYS = pl.DataFrame(
    {
        "datetime": ["2024-01-02", "2024-01-02", "2024-01-03"],
        "symbol": ["B", "A", "A"],
        "open": [10.0, 20.0, 21.0],
        "high": [12.0, 22.0, 23.0],
        "low": [9.0, 19.0, 20.0],
        "close": [11.0, 21.0, 22.0],
        "volume": [100, 200, 300],
    }
)


def test_good_rows_come_in_order(write_parquet: WriteParquet) -> None:
    """By time, then symbol, with the source's stamp beside the close time."""
    table = load_bars(write_parquet(DAYS))
    assert table.frame.columns == ["time", "stamp", "symbol", "open", "high", "low", "close", "volume"]
    assert table.frame["symbol"].to_list() == ["A", "B", "A"]
    assert table.frame["time"][0] == int(datetime(2024, 1, 3, tzinfo=UTC).timestamp()) * 10**9
    assert table.frame["stamp"][0] == int(datetime(2024, 1, 2, tzinfo=UTC).timestamp()) * 10**9
    assert table.times.tolist() == sorted(set(table.frame["time"]))
    assert (table.interval_ns, table.stamped, table.zone) == (86400 * 10**9, "open", "UTC")


def test_csv_and_parquet_are_the_same_bars(tmp_path: Path) -> None:
    """The sample market, bad rows and all, comes out of both with the same bits and the same refusals."""
    market = sample_market(symbols=20, days=60)
    market.write_parquet(tmp_path / "bars.parquet")
    market.with_columns(pl.col("datetime").dt.to_string("%Y-%m-%d")).write_csv(tmp_path / "bars.csv")
    parquet, csv = load_bars(tmp_path / "bars.parquet"), load_bars(tmp_path / "bars.csv")
    assert parquet.frame.equals(csv.frame)
    assert parquet.rejected.select("row", "reason").equals(csv.rejected.select("row", "reason"))


def test_the_order_of_rows_means_nothing(write_parquet: WriteParquet) -> None:
    """Shuffled rows give the same frame."""
    market = sample_market(symbols=20, days=60).unique(["datetime", "symbol"], keep="first", maintain_order=True)
    shuffled = market.sample(fraction=1, shuffle=True, seed=3)
    assert load_bars(write_parquet(market)).frame.equals(load_bars(write_parquet(shuffled)).frame)


def test_symbol_columns(write_parquet: WriteParquet) -> None:
    """`vt_symbol` serves as the symbol, is preferred to `symbol`, and categories and numbers are read as text."""
    renamed = DAYS.rename({"symbol": "vt_symbol"})
    assert load_bars(write_parquet(renamed)).frame.equals(load_bars(write_parquet(DAYS)).frame)
    both = DAYS.with_columns(vt_symbol=pl.col("symbol") + ".SSE")
    table = load_bars(write_parquet(both))
    assert (table.symbol_column, table.frame["symbol"][0]) == ("vt_symbol", "A.SSE")
    categories = DAYS.with_columns(pl.col("symbol").cast(pl.Categorical))
    assert load_bars(write_parquet(categories)).frame["symbol"][0] == "A"
    numbered = DAYS.with_columns(symbol=pl.Series([600000, 1, 1]))
    assert load_bars(write_parquet(numbered)).frame["symbol"].to_list() == ["1", "600000", "1"]


def test_leading_zeros_of_symbols_survive_csv(write_csv: WriteBars) -> None:
    """A symbol is text even where it looks like a number; so is NA."""
    rows = [(f"2024-01-0{day}", symbol, 10, 12, 9, 11, 1, 1) for day in (1, 2) for symbol in ("000001", "NA")]
    assert load_bars(write_csv(rows)).frame["symbol"].to_list() == ["000001", "NA"] * 2


def test_optional_columns(write_parquet: WriteParquet) -> None:
    """Turnover and open interest are kept when there, NaN where a cell is missing, and other columns are ignored."""
    more = DAYS.with_columns(turnover=pl.Series([None, 1.0, 2.0]), open_interest=pl.lit(5), note=pl.lit("x"))
    frame = load_bars(write_parquet(more)).frame
    assert frame.columns[-2:] == ["turnover", "open_interest"]
    np.testing.assert_array_equal(frame["turnover"].to_numpy(), [1.0, np.nan, 2.0])


@pytest.mark.parametrize("dtype", [pl.Float32, pl.Int64, pl.Decimal(12, 2), pl.String], ids=str)
def test_numbers_of_any_type(write_parquet: WriteParquet, dtype: pl.DataType) -> None:
    """Whatever numbers the file holds, they become 64-bit floats."""
    other = DAYS.with_columns(pl.col("open", "high", "low", "close", "volume").cast(dtype))
    assert load_bars(write_parquet(other)).frame.equals(load_bars(write_parquet(DAYS)).frame)


def test_negative_zero_becomes_zero(write_csv: WriteBars) -> None:
    """One content has one form: the sign of a zero volume is dropped."""
    rows = [(f"2024-01-0{day}", "A", 10, 12, 9, 11, "-0.0", 1) for day in (1, 2)]
    assert not np.signbit(load_bars(write_csv(rows)).frame["volume"].to_numpy()).any()


def test_what_is_asked_for_is_done(write_csv: WriteBars) -> None:
    """Zone, stamp and interval given by hand overrule what the data show."""
    rows = [("2024-01-02 09:30", "A", 10, 12, 9, 11, 1, 1)]
    table = load_bars(write_csv(rows), zone="America/New_York", stamp="open", interval="5min")
    assert table.times.tolist() == [int(datetime(2024, 1, 2, 14, 35, tzinfo=UTC).timestamp()) * 10**9]
    assert (table.interval_ns, table.stamped, table.zone) == (300 * 10**9, "open", "America/New_York")


def test_a_zone_in_the_column_wins(write_parquet: WriteParquet) -> None:
    """Stamps with a zone of their own are read on its clock, and the table says so."""
    zoned = DAYS.with_columns(pl.col("datetime").str.to_datetime(time_zone="Asia/Tokyo"))
    table = load_bars(write_parquet(zoned))
    assert table.zone == "Asia/Tokyo"
    assert table.times[0] == int(datetime(2024, 1, 2, 15, tzinfo=UTC).timestamp()) * 10**9


def test_refused_rows_keep_their_text(write_csv: WriteBars) -> None:
    """A refused row is kept as the file had it, with its place and its reason."""
    good = [(f"2024-01-0{day}", "A", 10, 12, 9, 11, 1, 1) for day in (1, 2)]
    table = load_bars(write_csv([good[0], ("soon", "A", "x", 12, 9, "", 1, 1), good[1]]))
    assert table.rejected.columns == ["row", *HEADER, "reason"]
    assert table.rejected.row(0) == (1, "soon", "A", "x", "12", "9", None, "1", "1", "bad_time")


def test_a_byte_order_mark_and_odd_bytes(tmp_path: Path) -> None:
    """A byte-order mark is skipped; bytes that are no text refuse their row and not the file."""
    path = tmp_path / "bars.csv"
    lines = [
        ",".join(HEADER),
        *(f"2024-01-0{day},A,10,12,9,11,1,1" for day in (1, 2)),
        "2024-01-03,\udcff,10,12,9,11,1,1",
    ]
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode(errors="surrogateescape"))
    table = load_bars(path)
    assert (table.frame.height, table.rejected_by_reason) == (2, {"bad_symbol": 1})


BROKEN: dict[str, tuple[str, bytes, str]] = {
    "empty": ("bars.csv", b"", "is empty"),
    "header only": ("bars.csv", ",".join(HEADER).encode() + b"\n", "no rows"),
    "noise": ("bars.csv", bytes(range(256)), "lacks the columns"),
    "noise named parquet": ("bars.parquet", b"nonsense", "not a parquet file"),
    "torn parquet": ("bars.parquet", b"PAR1 and no more", "cannot be read as parquet"),
    "columns": ("bars.csv", b"datetime,Open,high\n1,2,3\n", r"lacks the columns symbol \(or vt_symbol\), open, low"),
    "one time": ("bars.csv", ",".join(HEADER).encode() + b"\n2024-01-01,A,1,1,1,1,1,1\n", "give one such as 1d"),
    "all refused": (
        "bars.csv",
        ",".join(HEADER).encode() + b"\n2024-01-01,A,1,1,1,,1,1\n2024-01-02,A,2,1,1,1,1,1\n",
        r"all 2 rows .* were refused \(missing_price 1, crossed_ohlc 1\)",
    ),
}


@pytest.mark.parametrize(("name", "content", "words"), BROKEN.values(), ids=BROKEN)
def test_unusable_files_say_why(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    """The error names the file and what is wrong with it."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BarFileError, match=words) as caught:
        load_bars(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file, or a folder, is named."""
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(BarFileError, match="cannot be opened"):
            load_bars(path)


@pytest.mark.parametrize(
    ("column", "values", "words"),
    [
        ("datetime", [1, 2, 3], "a bare number has no unit"),
        ("symbol", [1.5, 2.5, 3.5], "column symbol"),
        ("open", [[1.0], [2.0], [3.0]], "must hold numbers"),
    ],
)
def test_columns_of_a_wrong_type(write_parquet: WriteParquet, column: str, values: list[object], words: str) -> None:
    """A column that cannot be what it is called is an error for the file."""
    with pytest.raises(BarFileError, match=words):
        load_bars(write_parquet(DAYS.with_columns(pl.Series(column, values))))


def test_unknown_zones_and_stamps(write_parquet: WriteParquet) -> None:
    """A wrong zone gets a suggestion, a wrong word the list."""
    path = write_parquet(DAYS)
    with pytest.raises(BarFileError, match="did you mean America/New_York"):
        load_bars(path, zone="America/NewYork")
    with pytest.raises(BarFileError, match="auto, open, close"):
        load_bars(path, stamp="middle")  # type: ignore[arg-type]  # a word from outside
