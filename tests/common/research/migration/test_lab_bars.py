"""Bars for an export: of a file stamped at closes, under the opens that vnpy's dataset has."""

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from common.market.store import BarTable, load_bars
from common.research.migration.export import Export
from common.research.migration.lab_bars import bars_by_opens
from tests.common.research.migration.exports import SAME, Lab, make_export

MINUTE = 60_000_000_000
COLUMNS = ("open", "high", "low", "close", "volume", "turnover")


@pytest.fixture(scope="module")
def export(lab: Lab) -> Export:
    """Of days, all stamped at midnight."""
    return Export.read(make_export(lab, "opens", SAME))


def minutes(export: Export, folder: Path) -> tuple[Export, BarTable]:
    """The same days as minutes, and a file of them stamped at their close."""
    stamps = export.loaded["stamp"].unique().sort()
    begin = pl.lit(stamps[0]) + pl.col("stamp").rank("dense").cast(pl.Int64) * MINUTE
    loaded = export.loaded.with_columns(begin.alias("stamp"))
    closed = (pl.col("stamp") + MINUTE).cast(pl.Datetime("ns")).alias("datetime")
    loaded.select(closed, "symbol", *COLUMNS).write_parquet(folder / "minutes.parquet")
    return replace(export, loaded=loaded), load_bars(folder / "minutes.parquet")


def test_closes_become_opens_where_these_are_what_was_loaded(export: Export, tmp_path: Path) -> None:
    """Every bar finds its own, and the moment at which it was complete stays."""
    loaded, table = minutes(export, tmp_path)
    assert (table.stamped, table.interval_ns) == ("close", MINUTE)
    found = bars_by_opens(table, loaded)
    keys = found.frame.select("stamp", "symbol")
    assert keys.join(loaded.loaded.select("stamp", "symbol"), on=["stamp", "symbol"], how="anti").is_empty()
    assert found.frame["time"].equals(table.frame["time"])


def test_what_has_the_same_stamps_already_stays(export: Export, tmp_path: Path, lab: Lab) -> None:
    """Closes of a dataset that was loaded so, and days."""
    loaded, table = minutes(export, tmp_path)
    closed = replace(loaded, loaded=loaded.loaded.with_columns(pl.col("stamp") + MINUTE))
    assert bars_by_opens(table, closed).frame.equals(table.frame)
    days = load_bars(lab.folder / "bars.parquet")
    assert bars_by_opens(days, export) is days
