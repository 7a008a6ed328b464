"""Real files with their real defects: the counts are facts of the data."""

from pathlib import Path

import pytest

from common.market.membership import Membership
from common.market.panel import Panel
from common.market.store import BarTable, load_bars

pytestmark = pytest.mark.bars
MINUTE = 60 * 10**9
DAY = 1440 * MINUTE
NEW_YORK = "America/New_York"
FILES = {
    "sp500_daily_2013_2018": ("UTC", DAY, "open", 619_017, 1_259, {"missing_price": 11, "crossed_ohlc": 12}),
    "us_daily_asreceived_2015_2017": ("UTC", DAY, "open", 475_605, 521, {}),
    "us_equity_1min_2019feb": (NEW_YORK, MINUTE, "close", 43_164, 1_950, {}),
    "us_equity_15min_2019jan_feb": (NEW_YORK, 15 * MINUTE, "close", 18_518, 780, {}),
}
PARTIAL_IN_REPLAY = {"sp500_daily_2013_2018": 0, "us_daily_asreceived_2015_2017": 6, "us_equity_1min_2019feb": 0}


def load(folder: Path, name: str) -> BarTable:
    """A real file with everything but the zone found by itself."""
    return load_bars(folder / f"{name}.parquet", zone=FILES[name][0])


@pytest.mark.parametrize("name", FILES)
def test_counts(real_bars: Path, name: str) -> None:
    """Interval and stamp are found; rows, sections and refusals are as counted by hand."""
    table = load(real_bars, name)
    assert (*FILES[name][1:3], table.frame.height, len(table.times), table.rejected_by_reason) == (
        table.interval_ns,
        table.stamped,
        *FILES[name][3:],
    )


@pytest.mark.parametrize("name", PARTIAL_IN_REPLAY)
def test_partial_sections(real_bars: Path, name: str) -> None:
    """Of the sections after the first two thirds, only the holiday stubs are below half of the expected."""
    panel = Panel.from_frame(load(real_bars, name).frame)
    membership = Membership()
    partial = [
        membership.observe([symbol for symbol, here in zip(panel.symbols, row, strict=True) if here]).partial
        for row in panel.present.tolist()
    ]
    assert sum(partial[2 * len(panel) // 3 :]) == PARTIAL_IN_REPLAY[name]
