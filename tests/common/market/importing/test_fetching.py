"""Fetched bars reach their place whole, whatever ends the fetching; what is there is gone on from, or left alone."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import polars as pl
import pytest

from common.errors import BarFileError, ExchangeError, LabError
from common.market.importing import fetching
from common.market.importing.candles import Candle, Wanted
from common.market.importing.exchange import Exchange
from common.market.importing.fetching import fetch, table_of
from common.market.importing.keepers import FileKeeper, Keeper, other_length
from common.market.store import load_bars
from common.research.lab import Lab
from common.research.lab.keeper import LabKeeper
from common.research.lab_table import table_of as lab_table

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


MINUTE = 60_000 * 10**6


@pytest.mark.parametrize(
    ("steps", "wanted", "other"),
    [
        ([], 1, None),
        ([1, 2, 2, 2, 2, 3], 1, None),
        ([2, 2], 1, None),
        ([2] * 16, 1, None),
        ([2] * 17, 1, 2),
        ([1440] * 4, 60, 1440),
        ([2, 4], 1, None),
        ([3, 2], 2, 1),
        ([90], 60, 90),
        ([60] * 10_000, 1, 60),
    ],
)
def test_bars_of_another_length_are_told_from_bars_with_holes(steps: list[int], wanted: int, other: int | None) -> None:
    """Steps that are no multiple, and a multiple that so many holes would hardly leave."""
    times = pl.Series([0, *steps], dtype=pl.Int64).cum_sum() * MINUTE
    assert other_length(times, wanted * MINUTE) == (None if other is None else other * MINUTE)


def test_an_exchange_that_leaves_out_minutes_is_gone_on_with(tmp_path: Path) -> None:
    """Nothing traded in most of them: the file is one of minutes all the same."""
    traded = [0, 1, 3, 5, 7, 9, 12, 25]

    class Sparse(Days):
        def page(self, _symbol: str, _interval: str, since_ms: int, /) -> list[Candle]:
            return [Candle(each * 60_000, 1.0, 3.0, 1.0, 2.0, 5.0) for each in traded if each * 60_000 >= since_ms]

        def now_ms(self) -> int:
            return self.days * 60_000

    wanted, keeper = Wanted("X", "1min", 60_000, 0, 10**9), FileKeeper(tmp_path / "x.parquet", "1min")
    assert [fetch(Sparse(now), wanted, "X", keeper).bars for now in (20, 30)] == [7, 1]


def test_a_page_without_one_good_bar_is_counted(keeper: Keeper) -> None:
    """As the first one and as a later one; what is there stays, and nothing is written where nothing is."""

    class Bad(Days):
        def page(self, _symbol: str, _interval: str, since_ms: int, /) -> list[Candle]:
            return [candle(9, close=None)] if since_ms <= 9 * DAY_MS else []

    assert dict(fetch(Bad(20), WANTED, "X", keeper).refused) == {"missing_price": 1}
    assert keeper.last_close("X") is None
    fetch(Days(5), WANTED, "X", keeper)
    found = fetch(Bad(20), WANTED, "X", keeper)
    assert (found.bars, dict(found.refused)) == (0, {"missing_price": 1})
    assert keeper.last_close("X") == 5 * DAY_MS * 10**6


def test_a_file_of_somebody_elses_form_keeps_it(tmp_path: Path) -> None:
    """Another name of symbols, whole numbers, categories, columns of its own: no row and no column is lost."""
    path = tmp_path / "x.parquet"
    fetch(Days(5), WANTED, "A", FileKeeper(path, "1d"))
    theirs = pl.read_parquet(path).with_columns(
        pl.col("symbol").cast(pl.Categorical), pl.col("volume").cast(pl.Int64), note=pl.lit("x")
    )
    theirs.rename({"symbol": "vt_symbol"}).with_columns(symbol=pl.lit("short")).write_parquet(path)
    assert fetch(Days(5), WANTED, "B", FileKeeper(path, "1d")).bars == 5
    found = pl.read_parquet(path)
    assert found["vt_symbol"].to_list() == ["A", "B"] * 5
    assert found["note"].to_list() == ["x", None] * 5
    assert load_bars(path).frame["symbol"].unique().sort().to_list() == ["A", "B"]
    theirs.with_columns(volume=pl.lit("much")).write_parquet(path)
    before = path.read_bytes()
    with pytest.raises(BarFileError, match="holds text among its numbers"):
        FileKeeper(path, "1d").save(table_of([candle(0), candle(1)], "B", "1d", DAY_MS))
    assert path.read_bytes() == before


def test_fetching_goes_on_after_splits_were_laid_over(keeper: Keeper, tmp_path: Path) -> None:
    """New bars have the factor of the last one, and a symbol that is new has 1: none is refused for having none."""
    fetch(Days(5), WANTED, "X", keeper)
    path = tmp_path / "x.parquet" if isinstance(keeper, FileKeeper) else tmp_path / "lab" / "daily" / "X.parquet"
    halved = pl.Series([1.0, 1.0, 2.0, 2.0, 2.0])
    pl.read_parquet(path).with_columns(price_factor=halved, share_factor=halved).write_parquet(path)
    assert fetch(Days(7), WANTED, "X", keeper).bars == 2
    fetch(Days(7), WANTED, "Y", keeper)
    lab = Lab(tmp_path / "lab", clock=lambda: 0, author="t")
    table = load_bars(path) if isinstance(keeper, FileKeeper) else lab_table(lab, "d")
    assert table.rejected.is_empty()
    assert table.frame.filter(symbol="X")["share_factor"].to_list() == [1.0, 1.0, *[2.0] * 5]
    assert table.frame.filter(symbol="Y")["share_factor"].to_list() == [1.0] * 7


def test_two_that_fetch_into_one_place_lose_nothing(keeper: Keeper) -> None:
    """Each reads, adds its symbols and writes; all of them are there in the end."""
    names, start = [f"S{number}" for number in range(8)], threading.Barrier(4)

    def go(mine: list[str]) -> None:
        start.wait()
        for name in mine:
            fetch(Days(30), WANTED, name, keeper)

    threads = [threading.Thread(target=go, args=(names[first::4],)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {keeper.last_close(name) for name in names} == {30 * DAY_MS * 10**6}


def test_without_ccxt_the_way_to_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line to type."""
    monkeypatch.setitem(sys.modules, "ccxt", None)
    with pytest.raises(ExchangeError, match=r"install it with: pip install -r requirements/fetch\.lock"):
        Exchange.open("binance")
