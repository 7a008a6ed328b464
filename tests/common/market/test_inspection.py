"""What is odd about bars: each oddity is found where it is, and nowhere else."""

from pathlib import Path

import pytest

from common.market.inspection import inspect
from common.market.store import BarTable, load_bars

ROWS = """datetime,symbol,open,high,low,close,volume
2024-01-01,A,10,11,9,10,100
2024-01-02,A,10,11,9,10,100
2024-01-04,A,10,11,9,10.5,0
2024-01-05,A,20,21,19,20,100
2024-01-01,B,5,5,5,5,100
2024-01-02,B,5,6,4,5,100
2024-01-03,B,5,6,4,5.5,100
2024-01-04,B,5,6,4,-1,100
2024-01-05,B,5,6,4,5.2,100
2024-01-05,C,1,0,1,1,100
"""


@pytest.fixture
def table(tmp_path: Path) -> BarTable:
    """A misses a day, repeats a bar, has no volume once and jumps; B is flat once, one row refused; C has nothing."""
    (tmp_path / "bars.csv").write_text(ROWS, encoding="utf-8")
    return load_bars(tmp_path / "bars.csv")


def test_every_oddity_is_counted_for_its_symbol(table: BarTable) -> None:
    """A missing section lies between a symbol's first and last bar; a refused row leaves one too."""
    found = {row["symbol"]: row for row in inspect(table).symbols.to_dicts()}
    told = ("bars", "missing", "stale", "jumps", "no_volume", "flat", "refused")
    assert {symbol: tuple(row[name] for name in told) for symbol, row in found.items()} == {
        "A": (4, 1, 1, 1, 1, 0, 0),
        "B": (4, 1, 0, 0, 0, 1, 1),
        "C": (0, 0, 0, 0, 0, 0, 1),
    }


def test_jumps_are_shown_one_by_one(table: BarTable) -> None:
    """With the close and how far it went."""
    rows = inspect(table).jumps.select("symbol", "close", "change").rows()
    assert rows == [("A", 20.0, pytest.approx(20 / 10.5 - 1))]


def test_the_worst_come_first_and_the_sound_not_at_all(tmp_path: Path) -> None:
    """A market without oddities has none to show."""
    lines = [line for line in ROWS.splitlines() if "datetime" in line or ",B," in line]
    (tmp_path / "sound.csv").write_text("\n".join(line for line in lines if "-1" not in line[19:]), encoding="utf-8")
    assert inspect(load_bars(tmp_path / "sound.csv")).worst(5).is_empty()


def test_worst_orders_by_how_much_there_is_to_say(table: BarTable) -> None:
    """A before B before C."""
    assert inspect(table).worst(2)["symbol"].to_list() == ["A", "B"]
