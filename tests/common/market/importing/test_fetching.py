"""Fetched bars reach their place whole, whatever ends the fetching; what is there is gone on from, or left alone."""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl
import pytest

from common.errors import BarFileError, ExchangeError, LabError
from common.market.importing import fetching
from common.market.importing.candles import Candle, Wanted
from common.market.importing.exchange import Exchange
from common.market.importing.fetching import fetch, table_of
from common.market.importing.keepers import FileKeeper, Keeper
from common.market.store import load_bars
from common.research.lab import Lab
from common.research.lab.keeper import LabKeeper

DAY_MS = 86_400_000
WANTED = Wanted("X", "1d", DAY_MS, 0, 99 * DAY_MS)


def candle(day: int, close: float | None = 2.0, shift_ms: int = 0) -> Candle:
    """One day's bar."""
    return Candle(day * DAY_MS + shift_ms, 1.0, 3.0, 1.0, close, 5.0)


class Days:
    """An exchange with ten days a page, on which something goes wrong at a day."""

    page_bars = 10

    def __init__(self, days: int, wrong: dict[int, BaseException] | None = None) -> None:
        self.days, self.wrong = days, wrong or {}

    def now_ms(self) -> int:
        """In the middle of the day after the last."""
        return self.days * DAY_MS + 1

    def page(self, _symbol: str, _interval: str, since_ms: int, /) -> list[Candle]:
        """Ten days, the one that is forming among them."""
        first = since_ms // DAY_MS
        if first in self.wrong:
            raise self.wrong[first]
        return [candle(day) for day in range(first, min(first + 10, self.days + 1))]


@pytest.fixture(params=["file", "lab"])
def keeper(request: pytest.FixtureRequest, tmp_path: Path) -> Keeper:
    """Both places."""
    if request.param == "file":
        return FileKeeper(tmp_path / "x.parquet", "1d")
    return LabKeeper(Lab(tmp_path / "lab", clock=lambda: 0, author="t"), "1d")


def test_a_history_is_saved_and_gone_on_from(keeper: Keeper) -> None:
    """Twice the same is nothing new; a day later there is one more; progress ends where the span does."""
    steps: list[tuple[int, int]] = []
    first = fetch(Days(25), WANTED, "X", keeper, lambda done, most: steps.append((done, most)))
    again, later = fetch(Days(25), WANTED, "X", keeper), fetch(Days(26), WANTED, "X", keeper)
    assert (first.bars, again.bars, later.bars) == (25, 0, 1)
    assert (first.known_ns, later.known_ns) == (None, 25 * DAY_MS * 10**6)
    assert keeper.last_close("X") == 26 * DAY_MS * 10**6
    assert steps[-1][0] <= steps[-1][1]


@pytest.mark.parametrize("batch", [1, 15, 10**6])
@pytest.mark.parametrize("error", [ExchangeError("it broke"), KeyboardInterrupt()])
def test_what_came_before_an_end_is_saved(
    error: BaseException, batch: int, keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where somebody has had enough; the next run has the rest."""
    monkeypatch.setattr(fetching, "BATCH_BARS", batch)
    with pytest.raises(type(error)) as raised:
        fetch(Days(25, {20: error}), WANTED, "X", keeper)
    if isinstance(error, ExchangeError):
        assert str(raised.value) == "it broke. 20 bars of X are saved; run it again to go on"
    assert keeper.last_close("X") == 20 * DAY_MS * 10**6
    assert fetch(Days(25), WANTED, "X", keeper).bars == 5


def test_bars_that_are_none_are_refused_and_counted(keeper: Keeper) -> None:
    """Without a close, or crossed; the others are saved."""

    class Odd(Days):
        def page(self, _symbol: str, _interval: str, since_ms: int, /) -> list[Candle]:
            return [candle(0), candle(1, close=None), candle(2, close=9.0), candle(3)] if since_ms == 0 else []

    found = fetch(Odd(4), WANTED, "X", keeper)
    assert (found.bars, dict(found.refused)) == (2, {"missing_price": 1, "crossed_ohlc": 1})


@pytest.mark.parametrize(
    ("interval", "shift_ms", "stamped"), [("1d", 0, "open"), ("1d", 16 * 3_600_000, "close"), ("15min", 0, "close")]
)
def test_stamps_are_read_right_again(interval: str, shift_ms: int, stamped: str, tmp_path: Path) -> None:
    """Days that open at another hour than midnight are stamped at their close, as all shorter bars are."""
    step = DAY_MS if interval == "1d" else 900_000
    candles = [Candle(number * step + shift_ms, 1.0, 3.0, 1.0, 2.0, 5.0) for number in range(3)]
    table, keeper = table_of(candles, "X", interval, step), FileKeeper(tmp_path / "x.parquet", interval)
    keeper.save(table)
    again = load_bars(tmp_path / "x.parquet")
    assert table.stamped == again.stamped == stamped
    assert again.times.tolist() == [(each.opened_ms + step) * 10**6 for each in candles]


def test_a_file_holds_several_symbols(tmp_path: Path) -> None:
    """Each goes on after its own last bar; the rows are in order of time and symbol."""
    keeper = FileKeeper(tmp_path / "x.parquet", "1d")
    fetch(Days(3), WANTED, "B", keeper)
    fetch(Days(5), WANTED, "A", keeper)
    fetch(Days(5), WANTED, "B", keeper)
    frame = pl.read_parquet(tmp_path / "x.parquet")
    assert frame["symbol"].to_list() == ["A", "B"] * 5
    assert frame["datetime"].is_sorted()


def test_a_file_of_other_bars_is_left_alone(tmp_path: Path) -> None:
    """Of another length, another zone, or no parquet at all."""
    path = tmp_path / "x.parquet"
    fetch(Days(5), WANTED, "X", FileKeeper(path, "1d"))
    with pytest.raises(BarFileError, match="holds bars of X every 86400 s, not 1h"):
        FileKeeper(path, "1h").last_close("X")
    before = pl.read_parquet(path).with_columns(pl.col("datetime").dt.replace_time_zone(None))
    before.write_parquet(path)
    with pytest.raises(BarFileError, match="choose another file"):
        fetch(Days(9), WANTED, "X", FileKeeper(path, "1d"))
    assert pl.read_parquet(path).equals(before)
    before.write_csv(tmp_path / "x.csv")
    with pytest.raises(BarFileError, match="is not parquet"):
        FileKeeper(tmp_path / "x.csv", "1d").last_close("X")


def test_a_lab_of_other_bars_is_left_alone(tmp_path: Path) -> None:
    """Stamps of another kind are refused by the lab itself."""
    lab = Lab(tmp_path, clock=lambda: 0, author="t")
    table = table_of([candle(0), candle(1)], "X", "1d", DAY_MS)
    keeper = LabKeeper(lab, "1d")
    keeper.save(table)
    naive = lab.load_bar_df(["X"], "d").with_columns(pl.col("datetime").dt.replace_time_zone(None))
    lab.remove_bar_data("X", "d")
    lab.save_bar_data(naive, "d")
    with pytest.raises(LabError, match="stamped in"):
        fetch(Days(9), WANTED, "X", keeper)
    assert lab.load_bar_df(["X"], "d").equals(naive)


def test_without_ccxt_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line to type."""
    monkeypatch.setitem(sys.modules, "ccxt", None)
    with pytest.raises(ExchangeError, match=r"install it with: pip install -r requirements/fetch\.lock"):
        Exchange.open("binance")
