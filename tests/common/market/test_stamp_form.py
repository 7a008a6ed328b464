"""Stamps written again as their source wrote them: where a local time occurs twice, the close says which it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from common.market.parts import open_parts
from common.market.store import load_bars

ZONE = "America/New_York"


def bars(step: timedelta, kind: pl.DataType) -> pl.DataFrame:
    """One symbol's bars over the night clocks go back, 2023-11-05."""
    stamps = [datetime(2023, 11, 5, tzinfo=UTC) + step * place for place in range(40)]
    prices = {name: pl.lit(10.0) for name in ("open", "high", "low", "close", "volume")}
    frame = pl.DataFrame({"datetime": stamps, "symbol": ["A"] * len(stamps)})
    return frame.with_columns(pl.col("datetime").dt.convert_time_zone(ZONE).cast(kind), **prices)


@pytest.mark.parametrize("minutes", [15, 30, 60, 120, 240])
@pytest.mark.parametrize("stamp", ["open", "close"])
@pytest.mark.parametrize("unit", ["ms", "us", "ns"])
def test_a_local_time_that_occurs_twice_is_written_as_it_was(
    tmp_path: Path, minutes: int, stamp: str, unit: str
) -> None:
    """Bars of a day's parts, stamped open or close; the file read in parts says the same."""
    kind = pl.Datetime(unit, ZONE)  # type: ignore[arg-type]  # one of the three
    source = bars(timedelta(minutes=minutes), kind)
    assert source["datetime"].dt.replace_time_zone(None).is_duplicated().any() == (minutes < 120)
    source.write_parquet(tmp_path / "bars.parquet")
    table = load_bars(tmp_path / "bars.parquet", stamp="open" if stamp == "open" else "close")
    found = table.frame.select(table.form.written().alias("datetime"))["datetime"]
    assert found.equals(source["datetime"])
    parts = open_parts(tmp_path / "bars.parquet", stamp="open" if stamp == "open" else "close", part_rows=7)
    assert parts.form == table.form


def test_a_day_is_written_as_its_date_begins(tmp_path: Path) -> None:
    """Its bar ends with the local day, which that of the change is an hour longer than its interval."""
    days = pl.datetime_range(datetime(2023, 11, 3), datetime(2023, 11, 8), "1d", eager=True)  # noqa: DTZ001  local times
    source = bars(timedelta(days=1), pl.Datetime("us", ZONE)).head(len(days))
    source = source.with_columns(datetime=days.dt.replace_time_zone(ZONE))
    source.write_parquet(tmp_path / "bars.parquet")
    table = load_bars(tmp_path / "bars.parquet")
    assert (table.stamped, table.form.ahead_ns) == ("open", None)
    assert table.frame.select(table.form.written())["stamp"].equals(source["datetime"].alias("stamp"))
