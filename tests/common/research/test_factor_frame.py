"""The long frame: the engine's bits, in memory and on disk, whatever the pieces; its span, members and marks."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from common.errors import BarFileError, ConfigError, FactorError
from common.factors.block import Block
from common.factors.engine import Engine
from common.factors.plan import compile_set
from common.factors.sets import FactorSet, load_set
from common.market.constituents import Constituents, Interval
from common.market.panel import Panel
from common.market.parts import BarParts, open_parts
from common.market.sample import sample_market
from common.market.span import Span
from common.market.store import BarTable, load_bars
from common.research import factor_blocks
from common.research.factor_frame import Wanted, factor_frame, write_factors

SET = FactorSet(
    "mixed",
    (
        ("mean", "ts_mean(close, 5) / close"),
        ("rank", "cs_rank(ts_delta(close, 3))"),
        ("nested", "ts_mean(cs_rank(volume), 5)"),
        ("strength", "ta_rsi(close, 4)"),
    ),
    "ts_delay(close, -1) / close - 1",
)
JOINS = "2021-02-15"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars with late listings, holes and bad rows."""
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    sample_market(symbols=22, days=90).write_parquet(path, row_group_size=300)
    return path


@pytest.fixture(scope="module")
def table(file: Path) -> BarTable:
    """The bars in memory."""
    return load_bars(file)


@pytest.fixture(scope="module")
def constituents(table: BarTable) -> Constituents:
    """A third from the beginning, a third that joins, a third never."""
    symbols = table.frame["symbol"].unique().sort().to_list()
    joins = Span.of(JOINS, None).first
    return Constituents.of(
        Interval(symbol, joins if place % 3 == 1 else 0, 2**61) for place, symbol in enumerate(symbols) if place % 3 < 2
    )


def by_engine(table: BarTable, constituents: Constituents | None = None) -> pl.DataFrame:
    """One block of all sections through one engine, spread out by hand."""
    panel = Panel.from_frame(table.frame)
    member = panel.present if constituents is None else constituents.among(panel.symbols).members(panel.stamp)
    found = Engine(compile_set(SET)).update(Block(panel.symbols, panel.columns, member))
    rows = [
        (int(panel.stamp[b]), symbol, *(float(each) for each in found.values[:, b, s]))
        for b in range(len(panel))
        for s, symbol in enumerate(panel.symbols)
        if panel.present[b, s] and member[b, s]
    ]
    names = ["datetime", "symbol", *found.names]
    frame = pl.DataFrame(rows, schema=names, orient="row")
    return frame.with_columns(pl.col("datetime").cast(pl.Datetime("ns")).cast(pl.Datetime("us")))


@contextmanager
def sizes(monkeypatch: pytest.MonkeyPatch, numbers: int, cells: int) -> Iterator[None]:
    """Pieces of that size."""
    defaults = {"block_numbers": numbers, "panel_cells": cells}
    with monkeypatch.context() as patch:
        patch.setattr(factor_blocks.compute_blocks, "__kwdefaults__", defaults)
        yield


@pytest.mark.parametrize("with_members", [False, True])
def test_it_is_what_the_engine_gives(table: BarTable, constituents: Constituents, with_members: bool) -> None:  # noqa: FBT001  a table
    """To the bit, a row a member's bar, in order of time and symbol."""
    chosen = constituents if with_members else None
    assert_frame_equal(factor_frame(table, SET, constituents=chosen), by_engine(table, chosen), check_exact=True)


@pytest.mark.parametrize("pieces", [(1, 1, 1), (500, 10_000, 400), (10**9, 100, 10**9)], ids=str)
def test_pieces_do_not_matter(
    file: Path, table: BarTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pieces: tuple[int, int, int]
) -> None:
    """Parts of the file, panels and blocks of any size: the file holds the frame, to the bit."""
    out = tmp_path / "factors.parquet"
    numbers, cells, part_rows = pieces
    parts = open_parts(file, part_rows=part_rows)
    with sizes(monkeypatch, numbers, cells):
        computed = write_factors(out, Wanted(SET, parts))
    written = pl.read_parquet(out)
    assert_frame_equal(written, factor_frame(table, SET), check_exact=True)
    assert (computed.rows, computed.sections) == (written.height, written["datetime"].n_unique())
    assert dict(computed.rejected) == table.rejected_by_reason


def test_the_file_says_what_it_is(table: BarTable, tmp_path: Path) -> None:
    """Set and plan digest stand in its metadata."""
    write_factors(tmp_path / "f.parquet", Wanted(SET, BarParts.of(table)))
    metadata = pl.read_parquet_metadata(tmp_path / "f.parquet")
    assert metadata["alphabus.set"] == "mixed"
    assert metadata["alphabus.plan"] == compile_set(SET).digest.hex()


def test_a_span_is_a_cut_of_the_whole(table: BarTable) -> None:
    """What comes before is history, what comes after is not there: values are those of the whole, to the bit."""
    whole = factor_frame(table, SET)
    cut = factor_frame(table, SET, start="2021-02-10", end="2021-03-10")
    start, end = pl.lit("2021-02-10").str.to_datetime(), pl.lit("2021-03-10").str.to_datetime()
    assert_frame_equal(cut, whole.filter(pl.col("datetime").is_between(start, end)), check_exact=True)
    assert 0 < cut.height < whole.height


def test_marks_show_everyone(table: BarTable, constituents: Constituents) -> None:
    """Non-members, too; warm as the plan asks; the members' rows are those without marks."""
    marked = factor_frame(table, SET, constituents=constituents, marks=True)
    assert marked.columns[:4] == ["datetime", "symbol", "member", "warm"]
    assert marked.height == table.frame.height
    members = marked.filter("member").drop("member", "warm")
    assert_frame_equal(members, factor_frame(table, SET, constituents=constituents), check_exact=True)
    bars = pl.col("datetime").cum_count().over("symbol")
    assert (marked.select(bars)["datetime"] >= compile_set(SET).warm_bars).equals(marked["warm"].rename("datetime"))


def test_later_members_change_nothing_now(table: BarTable, constituents: Constituents) -> None:
    """Whoever joins or leaves after a day, values up to it stay as they were."""
    day = Span.of(None, "2021-03-01").last
    other = Constituents.of([*constituents.until(day).intervals, Interval("S0002", day + 1, 2**61)])
    before, after = (factor_frame(table, SET, constituents=each, end="2021-03-01") for each in (constituents, other))
    assert_frame_equal(before, after, check_exact=True)


def test_a_joiner_is_warm_when_it_joins(table: BarTable, constituents: Constituents) -> None:
    """It was tracked all the time: the first value of its own is that of a frame without members."""
    joiner = next(each.symbol for each in constituents.intervals if each.first > 0)
    own = ["datetime", "symbol", "mean", "strength"]
    first = factor_frame(table, SET, constituents=constituents).filter(symbol=joiner).head(1).select(own)
    everyone = factor_frame(table, SET).filter(symbol=joiner).select(own)
    assert_frame_equal(first, everyone.filter(pl.col("datetime") == first["datetime"][0]), check_exact=True)
    assert np.isfinite(first["strength"][0])


@pytest.mark.parametrize(
    "kind", [pl.Date(), pl.Datetime("ns"), pl.Datetime("ms", "America/New_York"), pl.String()], ids=str
)
def test_datetimes_join_with_the_file(table: BarTable, file: Path, tmp_path: Path, kind: pl.DataType) -> None:
    """They have the file's own type; text becomes a time without a zone."""
    raw = pl.read_parquet(file)
    column = pl.col("datetime")
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        stamped = column.cast(pl.Datetime("ms")).dt.replace_time_zone(kind.time_zone)
    else:
        stamped = column.dt.to_string("%Y-%m-%d") if kind == pl.String() else column.cast(kind)
    raw.with_columns(stamped).write_parquet(tmp_path / "bars.parquet")
    found = factor_frame(load_bars(tmp_path / "bars.parquet"), SET)
    assert found.schema["datetime"] == (pl.Datetime("us") if kind == pl.String() else kind)
    expected = factor_frame(table, SET)
    assert_frame_equal(found.drop("datetime"), expected.drop("datetime"), check_exact=True)
    assert found["datetime"].dt.date().equals(expected["datetime"].dt.date())


def test_nothing_to_write_is_an_error(table: BarTable, tmp_path: Path) -> None:
    """No bar in the span, or no member with one: an earlier file stays as it was."""
    out = tmp_path / "f.parquet"
    out.write_text("old", encoding="utf-8")
    for wanted in (
        Wanted(SET, BarParts.of(table), span=Span.of("2050-01-01", None)),
        Wanted(SET, BarParts.of(table), Constituents.of([Interval("S0001", 2**61, 2**62)])),
    ):
        with pytest.raises(BarFileError, match="nothing to write"):
            write_factors(out, wanted)
    assert [path.name for path in tmp_path.iterdir()] == ["f.parquet"]
    assert out.read_text(encoding="utf-8") == "old"


def test_an_interruption_leaves_nothing(table: BarTable, tmp_path: Path) -> None:
    """Neither a file nor half of one."""

    def stop(_done: int, _most: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_factors(tmp_path / "f.parquet", Wanted(SET, BarParts.of(table)), stop)
    assert list(tmp_path.iterdir()) == []


def test_a_polars_frame_is_bars(file: Path, table: BarTable) -> None:
    """As the file has it: the same factors, to the bit, bad rows refused; other columns do not matter."""
    frame = pl.read_parquet(file).with_columns(note=pl.lit("x"))
    assert_frame_equal(factor_frame(frame, SET), factor_frame(table, SET), check_exact=True)


@pytest.mark.parametrize(
    ("bars", "told"),
    [
        (
            pl.DataFrame({"symbol": ["a"], "close": [1.0]}),
            "the frame lacks the columns datetime, open, high, low, volume; it has symbol, close",
        ),
        ("bars.parquet", "not builtins.str; load_bars reads a file"),
        (None, "not builtins.NoneType"),
    ],
)
def test_what_is_no_bars_is_refused(bars: object, told: str) -> None:
    """In words, not by an attribute that it lacks."""
    with pytest.raises(BarFileError, match=told):
        factor_frame(bars, SET)  # type: ignore[arg-type]  # on purpose


def test_a_factor_named_like_a_column(table: BarTable) -> None:
    """Is refused before anything is computed."""
    for name, marks in (("symbol", False), ("warm", True)):
        with pytest.raises(FactorError, match=f"factor '{name}' of odd has the name of a column"):
            factor_frame(table, FactorSet("odd", ((name, "close"),), SET.label), marks=marks)


def test_a_wrong_span(table: BarTable) -> None:
    """Says what would be right."""
    with pytest.raises(ConfigError, match="no date such as"):
        factor_frame(table, SET, start="soon")


@pytest.mark.bars
@pytest.mark.parametrize("name", ["us_daily_asreceived_2015_2017", "us_equity_15min_2019jan_feb"])
def test_real_bars_in_pieces(name: str, real_bars: Path, tmp_path: Path) -> None:
    """Ragged real bars, read and computed in pieces, against one frame in memory."""
    path, out = real_bars / f"{name}.parquet", tmp_path / "factors.parquet"
    table, basic = load_bars(path), load_set("basic")
    write_factors(out, Wanted(basic, open_parts(path, part_rows=7_000), span=Span.of("2016-06-01", None)))
    assert_frame_equal(pl.read_parquet(out), factor_frame(table, basic, start="2016-06-01"), check_exact=True)
