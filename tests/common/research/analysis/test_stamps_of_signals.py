"""Values find the bar they were known at, whatever zone a file writes its stamps in."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from common.errors import BarFileError
from common.market.panel import Panel
from common.market.store import BarTable, load_bars
from common.replay.results import SCHEMA, write_signals
from common.research.analysis.signal_file import read_signal_file
from common.research.analysis.subject import subject_of
from common.research.precompute_file import table_of
from scripts.analyse import clock_of

BERLIN = "Europe/Berlin"
SYMBOLS = [f"S{place:02d}" for place in range(8)]
Kind = Callable[[pl.DataFrame], pl.DataFrame]


def market(start: str, every: str, count: int = 60) -> pl.DataFrame:
    """Bars whose stamps have no zone."""
    random = np.random.default_rng(0)
    stamps = pl.select(
        pl.lit(start).str.to_datetime().dt.offset_by(pl.format("{}" + every[1:], pl.int_range(count)))
    ).to_series()
    frames = []
    for symbol in SYMBOLS:
        close = pl.Series(100 * np.exp(np.cumsum(0.01 * random.standard_normal(len(stamps)))))
        prices = {"open": close, "high": close * 1.001, "low": close * 0.999, "close": close}
        frames.append(pl.DataFrame({"datetime": stamps, "symbol": [symbol] * len(stamps), **prices, "volume": 1000.0}))
    return pl.concat(frames)


def zoned(zone: str) -> Kind:
    """The same readings of a clock, which is said to be that zone's."""
    return lambda frame: frame.with_columns(pl.col("datetime").dt.replace_time_zone(zone))


def plain(frame: pl.DataFrame) -> pl.DataFrame:
    """Without a zone."""
    return frame


def loaded(folder: Path, bars: pl.DataFrame, zone: str = "UTC") -> BarTable:
    """Through a file, as a user has them."""
    bars.write_parquet(folder / "bars.parquet")
    return load_bars(folder / "bars.parquet", zone=zone)


def placed(table: BarTable, frame: pl.DataFrame, column: str = "close") -> NDArray[np.float64]:
    """Values on the panel of the bars."""
    return subject_of("mine", Panel.from_frame(table.frame), frame, column, [1], clock=clock_of(table)).values


@pytest.mark.parametrize("kind", [plain, zoned("UTC"), zoned(BERLIN), zoned("Asia/Shanghai")])
@pytest.mark.parametrize("every", ["1h", "1d"])
def test_a_zone_moves_no_value(kind: Kind, every: str, tmp_path: Path) -> None:
    """Hours and days of any zone: each close stands at its own bar, and nowhere earlier."""
    bars = kind(market("2024-06-01", every))
    table = loaded(tmp_path, bars)
    np.testing.assert_array_equal(placed(table, bars), Panel.from_frame(table.frame).columns["close"])


@pytest.mark.parametrize("other", ["UTC", "America/New_York"])
def test_another_zone_is_turned_into_that_of_the_bars(other: str, tmp_path: Path) -> None:
    """An instant is an instant, whether the bars say their zone or were loaded with it."""
    bars = zoned(BERLIN)(market("2024-06-01", "1h"))
    elsewhere = bars.with_columns(pl.col("datetime").dt.convert_time_zone(other))
    naive = bars.with_columns(pl.col("datetime").dt.replace_time_zone(None))
    for table in (loaded(tmp_path, bars), loaded(tmp_path, naive, BERLIN)):
        np.testing.assert_array_equal(placed(table, elsewhere), Panel.from_frame(table.frame).columns["close"])


@pytest.mark.parametrize("every", ["1h", "1d"])
def test_what_a_replay_and_a_precomputation_write_joins(every: str, tmp_path: Path) -> None:
    """Their stamps are the bars' own, of a zone with an offset, too."""
    table = loaded(tmp_path, zoned(BERLIN)(market("2024-06-01", every)))
    rows = table.frame.select(
        "stamp",
        "time",
        "symbol",
        pl.col("close").alias("signal"),
        pl.lit("fresh").alias("status"),
        pl.lit("a").alias("arm"),
    )
    rest = [pl.lit(None, kind).alias(name) for name, kind in SCHEMA.items() if name not in rows.columns]
    rows = rows.with_columns(rest).with_columns(revision=pl.lit(0, pl.Int64))
    write_signals(tmp_path / "signals.parquet", rows, table.form)
    table_of(rows, table.form).write_parquet(tmp_path / "precomputed.parquet")
    for name in ("signals", "precomputed"):
        found = placed(table, read_signal_file(tmp_path / f"{name}.parquet"), "signal")
        np.testing.assert_array_equal(found, Panel.from_frame(table.frame).columns["close"])


def test_an_hour_that_comes_twice_is_left_out(tmp_path: Path) -> None:
    """Which of two sections a stamp means is not said; all others are where they were."""
    bars = zoned("UTC")(market("2024-10-26", "1h")).with_columns(pl.col("datetime").dt.convert_time_zone(BERLIN))
    table = loaded(tmp_path, bars)
    panel = Panel.from_frame(table.frame)
    found = placed(table, bars)
    twice = np.array([(panel.stamp == stamp).sum() > 1 for stamp in panel.stamp])
    assert twice.sum() == 2
    assert np.isnan(found[twice]).all()
    np.testing.assert_array_equal(found[~twice], panel.columns["close"][~twice])


def test_a_csv_is_read_as_bars_are(tmp_path: Path) -> None:
    """Compact dates, offsets from UTC, and symbols of digits."""
    bars = market("2024-06-01", "1d").with_columns(pl.col("symbol").str.replace("S", "0000"))
    table = loaded(tmp_path, bars)
    expected = Panel.from_frame(table.frame).columns["close"]
    for form in ("%Y%m%d", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S+00:00"):
        told = bars.select(pl.col("datetime").dt.strftime(form), "symbol", "close")
        told.write_csv(tmp_path / "mine.csv")
        np.testing.assert_array_equal(placed(table, read_signal_file(tmp_path / "mine.csv", "close")), expected)


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (pl.Series("datetime", [1, 2]), "datetime must be a time and symbol a text; they are Int64 and String"),
        (pl.Series("symbol", [1, 2]), "they are Datetime.* and Int64"),
        (pl.Series("close", ["high", "low"]), "column 'close' holds what is no number"),
    ],
)
def test_columns_of_other_kinds_are_refused(column: pl.Series, told: str, tmp_path: Path) -> None:
    """Naming them."""
    bars = market("2024-06-01", "1d")
    table = loaded(tmp_path, bars)
    with pytest.raises(BarFileError, match=told):
        placed(table, bars.head(2).with_columns(column))
