"""Files of precomputed signals: read as written, and refused where anything in them is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from common.errors import SignalFileError
from common.market.stamp_form import StampForm
from common.replay.results import SCHEMA
from common.research.precompute_file import KEY, SEAL, Provenance, digest_rows, read_precomputed, write_precomputed

DAY = 86_400_000_000_000
NAN = float("nan")
TOLD = Provenance(
    model="demo", version=2, digest="ab" * 32, kind="lightgbm", factor_set="toy", plan="cd" * 32, bars="ef" * 32,
    interval_ns=DAY, conditions={"inference.min_coverage": 0.5}, sections=3, first_bar=4, last_bar=7, left_out=1,
    rows="", instance="test", libraries={"numpy": "2"}, platform={"machine": "x"},
)  # fmt: skip


def row(bar: int, symbol: str, signal: float, flag: int = 0) -> dict[str, object]:
    """One symbol of one bar."""
    return {
        "stamp": (bar - 1) * DAY, "time": bar * DAY, "bar": bar, "symbol": symbol, "signal": signal, "flag": flag,
        "arm": "precomputed", "capital": 0.0, "model": "demo", "version": 2, "model_digest": "ab" * 32,
        "status": "fresh", "reason": "", "revision": 0, "computed_from": bar, "age": 0,
    }  # fmt: skip


ROWS = pl.DataFrame(
    [
        row(4, "A", 0.1), row(4, "B", NAN, 2), row(5, "A", -0.0), row(7, "A", 0.3), row(7, "B", 1e-300),
        row(7, "C", NAN, 1),
    ],
    schema=SCHEMA,
)  # fmt: skip


def written(path: Path, rows: pl.DataFrame = ROWS, kind: pl.DataType | None = None, told: Provenance = TOLD) -> Path:
    """A file that says of its rows what is true."""
    write_precomputed(path, rows, replace(told, rows=digest_rows(rows)), StampForm(kind or pl.Datetime("us")))
    return path


@pytest.mark.parametrize(
    "kind",
    [pl.Date(), pl.Datetime("ms"), pl.Datetime("ns"), pl.Datetime("us", "Asia/Shanghai"), pl.String()],
    ids=str,
)
def test_a_file_is_read_as_it_was_written(kind: pl.DataType, tmp_path: Path) -> None:
    """To the bit, whatever the bars' own stamps are; the words beside it, too."""
    file = read_precomputed(written(tmp_path / "s.parquet", kind=kind))
    assert_frame_equal(file.rows, ROWS, check_exact=True)
    assert file.provenance == replace(TOLD, rows=digest_rows(ROWS))


def test_a_day_whose_midnight_the_clocks_skip_is_read_as_it_was_written(tmp_path: Path) -> None:
    """In the file it begins when the clocks have been set."""
    skipped = 17_839 * DAY  # 2018-11-04
    rows = ROWS.with_columns(stamp=pl.col("stamp") - pl.col("stamp").min() + skipped)
    file = read_precomputed(written(tmp_path / "s.parquet", rows, pl.Datetime("us", "America/Sao_Paulo")))
    assert_frame_equal(file.rows, rows, check_exact=True)


def test_equal_signals_have_equal_seals(tmp_path: Path) -> None:
    """The seal hangs on everything the file says, and on nothing else."""
    first, again = (read_precomputed(written(tmp_path / name)).provenance.seal for name in ("a", "b"))
    other = read_precomputed(written(tmp_path / "c", told=replace(TOLD, bars="00" * 32))).provenance.seal
    assert first == again != other


Change = Callable[[pl.DataFrame], pl.DataFrame]
NOT_WHAT_IT_SAYS: dict[str, tuple[Change, str]] = {
    "empty": (lambda rows: rows.clear(), "no signals"),
    "a hole": (lambda rows: rows.with_columns(age=pl.lit(None, pl.Int64)), "'age' has holes"),
    "an arm's": (lambda rows: rows.with_columns(arm=pl.lit("champion")), "not precomputed"),
    "held": (lambda rows: rows.with_columns(status=pl.lit("held")), "not precomputed"),
    "revised": (lambda rows: rows.with_columns(revision=pl.lit(1, pl.Int64)), "not precomputed"),
    "another bar's": (lambda rows: rows.with_columns(computed_from=pl.col("bar") - 1), "not precomputed"),
    "two models": (lambda rows: rows.with_columns(version=pl.col("bar")), "not all of demo/2"),
    "another model": (lambda rows: rows.with_columns(model=pl.lit("other")), "not all of demo/2"),
    "reversed": (lambda rows: rows.reverse(), "order of bar and symbol"),
    "shuffled symbols": (lambda rows: rows[[1, 0, 2, 3, 4, 5]], "order of bar and symbol"),
    "a row twice": (lambda rows: rows[[0, 0, 1, 2, 3, 4, 5]], "order of bar and symbol"),
    "times that go back": (lambda rows: rows.with_columns(time=-pl.col("time")), "order of bar and symbol"),
    "two times in a bar": (lambda rows: rows.with_columns(time=pl.int_range(pl.len())), "order of bar and symbol"),
    "a value where there is none": (lambda rows: rows.with_columns(signal=pl.lit(1.0)), "do not go together"),
    "no value where there is one": (lambda rows: rows.with_columns(flag=pl.lit(0, pl.UInt8)), "do not go together"),
    "an unknown flag": (lambda rows: rows.with_columns(flag=pl.col("flag") * 9), "do not go together"),
}


@pytest.mark.parametrize("name", NOT_WHAT_IT_SAYS)
def test_rows_that_were_not_precomputed_are_refused(name: str, tmp_path: Path) -> None:
    """Even where digest and seal are right: whoever wrote them was not the script."""
    change, words = NOT_WHAT_IT_SAYS[name]
    with pytest.raises(SignalFileError, match=rf"s\.parquet: .*{words}"):
        read_precomputed(written(tmp_path / "s.parquet", change(ROWS)))


def changed(path: Path, change: Change, words: dict[str, str] | None = None) -> Path:
    """A file whose table was changed behind its back, or its words."""
    kept = {name: text for name, text in pl.read_parquet_metadata(path).items() if name in (KEY, SEAL)}
    table = change(pl.read_parquet(path))
    table.write_parquet(path, metadata=kept if words is None else {**kept, **words})
    return path


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.with_columns(signal=pl.col("signal") * (1 + 1e-15)),
        lambda table: table[:-1],
        lambda table: table.with_columns(symbol=pl.col("symbol") + "X"),
        lambda table: table.with_columns(datetime=pl.col("datetime").dt.offset_by("1d")),
    ],
)
def test_tampered_signals_are_refused(change: Change, tmp_path: Path) -> None:
    """One bit of a value, a row, a name, a date."""
    with pytest.raises(SignalFileError, match="changed after it was written"):
        read_precomputed(changed(written(tmp_path / "s.parquet"), change))


@pytest.mark.parametrize("name", ["datetime", *list(SCHEMA)[1:]])
def test_a_missing_column_is_named(name: str, tmp_path: Path) -> None:
    """Each of them."""
    with pytest.raises(SignalFileError, match=f"no column '{name}'"):
        read_precomputed(changed(written(tmp_path / "s.parquet"), lambda table: table.drop(name)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda table: table.with_columns(bar=pl.col("bar").cast(pl.Int32)), "'bar' is Int32, not Int64"),
        (lambda table: table.with_columns(time=pl.col("bar")), "are not times"),
        (lambda table: table.with_columns(datetime=pl.lit("x")), "are not times"),
    ],
)
def test_another_type_is_refused(change: Change, words: str, tmp_path: Path) -> None:
    """Nothing is guessed."""
    with pytest.raises(SignalFileError, match=words):
        read_precomputed(changed(written(tmp_path / "s.parquet"), change))


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({SEAL: "00" * 32}, "provenance was changed"),
        ({KEY: "{"}, "provenance is not one"),
        ({KEY: "{}"}, "provenance is not one"),
        ({KEY: '{"x": 1}'}, "provenance is not one"),
        ({KEY: "[]"}, "provenance is not one"),
    ],
)
def test_words_that_are_not_the_files_are_refused(metadata: dict[str, str], words: str, tmp_path: Path) -> None:
    """Another seal, or no provenance under its name."""
    with pytest.raises(SignalFileError, match=words):
        read_precomputed(changed(written(tmp_path / "s.parquet"), lambda table: table, metadata))


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(SignalFileError, match="is of format 3; this version reads 2: compute it again"):
        read_precomputed(written(tmp_path / "s.parquet", told=replace(TOLD, format=3)))


def test_a_replays_file_is_no_precomputed_one(tmp_path: Path) -> None:
    """It has the columns, but does not say of whom it is."""
    path = written(tmp_path / "s.parquet")
    pl.read_parquet(path).write_parquet(path)
    with pytest.raises(SignalFileError, match=r"scripts\.signals precompute"):
        read_precomputed(path)


@pytest.mark.parametrize("content", [None, b"", b"not parquet"])
def test_a_file_that_is_no_table_is_refused(content: bytes | None, tmp_path: Path) -> None:
    """Absent, empty, or of another kind; the path is named."""
    path = tmp_path / "s.parquet"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SignalFileError, match=r"s\.parquet cannot be read"):
        read_precomputed(path)
