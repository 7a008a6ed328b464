"""What research computes is what the live pipeline publishes: the same bars through feed and engine, to the bit."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from alphabus.columns import MAX_SYMBOLS
from alphabus.messages import Mode
from common.config import Source
from common.factors.plan import compile_set
from common.factors.sets import FactorSet, load_set
from common.market.constituents import Constituents, Interval
from common.market.membership import Membership
from common.market.sample import sample_market
from common.market.store import load_bars
from common.research.factor_frame import factor_frame
from common.research.raw import called
from common.research.recipe import Recipe
from common.research.roll_call import RollCall
from services.bar_feed.alignment import Alignment
from services.bar_feed.sources.replay import ReplaySource
from services.factor_engine.desk import Desk

JOURNAL = bytes(range(16))


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars with late listings, holes and bad rows."""
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    sample_market(symbols=24, days=200).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def constituents(file: Path) -> Constituents:
    """Some from the beginning, some that join, some that leave and come back, some never."""
    symbols = pl.read_parquet(file)["symbol"].unique().sort().to_list()
    day, start = 86_400_000_000_000, np.datetime64("2021-01-04", "ns").astype(np.int64)
    stays = {0: [(0, 999)], 1: [(90, 999)], 2: [(0, 60), (150, 200)], 3: []}
    return Constituents.of(
        Interval(symbol, int(start + first * day), int(start + last * day))
        for place, symbol in enumerate(symbols)
        for first, last in stays[place % 4]
    )


def published(
    file: Path, factor_set: FactorSet, constituents: Constituents | None, folder: Path, interval: str = "auto"
) -> pl.DataFrame:
    """A row a symbol with a bar: what the feed makes of the file and the factor engine of that, section by section."""
    source = ReplaySource(Source(bars=file, interval=interval), folder / "quarantine.jsonl")
    alignment, desk = Alignment(Membership(constituents=constituents)), Desk(compile_set(factor_set))
    frames, symbols = [], tuple[str, ...]()
    for bar, raw in enumerate(source.live(-1), 1):
        universe, bars = alignment.align(raw, JOURNAL, bar, Mode.REPLAY)
        if universe is not None:
            symbols = universe.symbols
        columns = desk.update(bars, symbols).columns
        marks = {name: columns[name].astype(np.bool_) for name in ("member", "warm", "present")}
        values = {name: column for name, column in columns.items() if name not in marks}
        frames.append(pl.DataFrame({"datetime": [bars.stamp] * len(symbols), "symbol": symbols, **marks, **values}))
    rows = pl.concat(frames).filter("present").drop("present")
    return rows.with_columns(pl.col("datetime").cast(pl.Datetime("ns")).cast(pl.Datetime("us")))


@pytest.mark.parametrize("with_members", [False, True])
@pytest.mark.parametrize("name", ["basic", "alpha158"])
def test_the_frame_is_what_is_published(
    file: Path,
    constituents: Constituents,
    tmp_path: Path,
    name: str,
    with_members: bool,  # noqa: FBT001  a table
) -> None:
    """Values, members and warmth of every bar."""
    chosen = constituents if with_members else None
    live = published(file, load_set(name), chosen, tmp_path)
    assert_frame_equal(
        factor_frame(load_bars(file), load_set(name), constituents=chosen, marks=True), live, check_exact=True
    )
    assert live["member"].all() is not with_members


ANEW = FactorSet(
    "anew", (("mean", "ts_mean(close, 3)"), ("ema", "ta_ema(close, 2)"), ("rank", "cs_rank(ts_sum(volume, 2))")),
    "ts_delay(close, -1) / close - 1",
)  # fmt: skip


@pytest.mark.parametrize("options", [{"reset": "session"}, {"max_gap": 1}, {"reset": "session", "max_gap": 2}])
def test_symbols_start_anew_alike(file: Path, tmp_path: Path, options: dict[str, object]) -> None:
    """Seven bars a day: live and research cut sessions and absences at the same bars."""
    hourly, own = tmp_path / "hourly.parquet", replace(ANEW, **options)  # type: ignore[arg-type]  # a table
    bar = (pl.col("datetime") - pl.col("datetime").min()).dt.total_days()
    moment = pl.lit(datetime(2021, 1, 4, 9, 30)) + pl.duration(days=bar // 7, hours=bar % 7)  # noqa: DTZ001  a stamp
    pl.read_parquet(file).with_columns(datetime=moment.cast(pl.Datetime("us"))).write_parquet(hourly)
    frame = factor_frame(load_bars(hourly, interval="1h"), own, marks=True)
    assert_frame_equal(frame, published(hourly, own, None, tmp_path, "1h"), check_exact=True)
    plain = factor_frame(load_bars(hourly, interval="1h"), ANEW, marks=True)
    assert frame["warm"].sum() < plain["warm"].sum()


@pytest.mark.parametrize("most", [MAX_SYMBOLS, 20])
def test_training_has_the_members_of_the_feed(
    file: Path, constituents: Constituents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Section by section, of those with a bar and of those without; who finds no place live is left out here, too."""
    monkeypatch.setattr("common.research.raw.RollCall", partial(RollCall, most=most))
    panel, roll = called(load_bars(file).frame, Recipe("demo", ANEW, constituents=constituents))
    membership = Membership(constituents=constituents, most=most)
    alignment, tracked = Alignment(membership), tuple[str, ...]()
    for section, given in enumerate(ReplaySource(Source(bars=file), tmp_path / "quarantine.jsonl").live(-1)):
        seated, _ = given.apart(membership.homeless(given.symbols))
        universe, bars = alignment.align(seated, JOURNAL, section + 1, Mode.REPLAY)
        tracked = tracked if universe is None else universe.symbols
        present = ~np.isnan(bars.columns["close"])
        for said, mask in ((bars.columns["member"], roll.member), (present, panel.present)):
            named = {tracked[place] for place in np.flatnonzero(said)}
            assert {panel.symbols[place] for place in np.flatnonzero(mask[section])} == named
    assert (roll.homeless > 0) is (len(panel.symbols) > most)


def test_a_restarted_feed_has_the_same_members(file: Path, constituents: Constituents, tmp_path: Path) -> None:
    """What is on record is observed again: membership goes on where it stood."""
    sections = list(ReplaySource(Source(bars=file), tmp_path / "quarantine.jsonl").live(-1))
    steady, restarted = (Alignment(Membership(constituents=constituents)) for _ in range(2))
    tracked: tuple[str, ...] = ()
    for bar, raw in enumerate(sections, 1):
        universe, expected = steady.align(raw, JOURNAL, bar, Mode.REPLAY)
        tracked = tracked if universe is None else universe.symbols
        if bar < 120:
            restarted.restore(expected, tracked)
        else:
            _, found = restarted.align(raw, JOURNAL, bar, Mode.REPLAY)
            np.testing.assert_array_equal(found.columns["member"], expected.columns["member"])
