"""Bars in parts are the bars of the whole file: every row, every refusal, in order of time."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from common.errors import BarFileError
from common.market.parts import open_parts
from common.market.sample import sample_market
from common.market.store import load_bars


def write(folder: Path, table: pl.DataFrame, *, shuffled: bool = False) -> Path:
    """A parquet file of small row groups."""
    path = folder / "bars.parquet"
    table = table.sample(fraction=1.0, shuffle=True, seed=1) if shuffled else table
    table.write_parquet(path, row_group_size=500)
    return path


@pytest.fixture(scope="module")
def market() -> pl.DataFrame:
    """A sample market with its bad rows, and some without a time."""
    table = sample_market(symbols=20, days=80)
    nowhere = table.head(3).with_columns(pl.lit(None, dtype=table.schema["datetime"]).alias("datetime"))
    return pl.concat([table, nowhere])


@pytest.mark.parametrize("part_rows", [1, 19, 333, 100_000])
@pytest.mark.parametrize("shuffled", [False, True])
def test_parts_are_the_whole(tmp_path: Path, market: pl.DataFrame, part_rows: int, shuffled: bool) -> None:  # noqa: FBT001  a table
    """Forwards and backwards, however many rows a part has, and in whichever order the file holds them."""
    path = write(tmp_path, market, shuffled=shuffled)
    whole, parts = load_bars(path), open_parts(path, part_rows=part_rows)
    frames = [part.frame for part in parts.parts]
    assert_frame_equal(pl.concat(frames), whole.frame)
    times = [set(frame["time"]) for frame in frames]
    assert sum(map(len, times)) == len(set().union(*times))
    rejected: dict[str, int] = {}
    for part in parts.parts:
        for reason, count in part.rejected_by_reason.items():
            rejected[reason] = rejected.get(reason, 0) + count
    assert rejected == whole.rejected_by_reason
    assert_frame_equal(pl.concat([part.frame for part in reversed(parts.parts)][::-1]), pl.concat(frames))
    assert parts.symbols == frozenset(market["symbol"])
    assert parts.form == whole.form
    assert len(whole.times) <= parts.sections <= len(whole.times) + 1


@pytest.mark.parametrize(
    "column",
    [
        pl.col("datetime").dt.date(),
        pl.col("datetime").dt.replace_time_zone("America/New_York"),
        pl.col("datetime").cast(pl.Datetime("ns")),
        pl.col("datetime").dt.to_string("%Y-%m-%d"),
    ],
    ids=["date", "zone", "ns", "text"],
)
def test_every_kind_of_stamp(tmp_path: Path, market: pl.DataFrame, column: pl.Expr) -> None:
    """Text is read whole, since it orders otherwise than time does."""
    path = write(tmp_path, market.with_columns(column))
    whole, parts = load_bars(path), open_parts(path, part_rows=200)
    assert_frame_equal(pl.concat([part.frame for part in parts.parts]), whole.frame)


def test_csv_is_read_whole(tmp_path: Path, market: pl.DataFrame) -> None:
    """As one part."""
    market.write_csv(tmp_path / "bars.csv")
    parts = open_parts(tmp_path / "bars.csv", part_rows=10)
    (part,) = parts.parts
    assert_frame_equal(part.frame, load_bars(tmp_path / "bars.csv").frame)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"drop": "close"}, "lacks the columns close"),
        ({"drop": "datetime"}, "lacks the columns datetime"),
        ({"drop": "symbol"}, "lacks the columns symbol"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path: Path, market: pl.DataFrame, change: dict[str, Any], told: str) -> None:
    """As `load_bars` refuses it, at the latest with the first part."""
    path = write(tmp_path, market.drop(change["drop"]))
    with pytest.raises(BarFileError, match=told):
        list(open_parts(path, part_rows=200).parts)


def test_a_damaged_file_is_refused(tmp_path: Path) -> None:
    """It begins like parquet, and is none."""
    (tmp_path / "bars.parquet").write_bytes(b"PAR1" + b"x" * 100)
    with pytest.raises(BarFileError, match="cannot be read as parquet"):
        open_parts(tmp_path / "bars.parquet")
