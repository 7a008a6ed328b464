"""The cache's record as a table, and a digest that hangs on nothing but what was said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alphabus.messages import Status, Streamed
from alphabus.testing import signals, universe
from common.market.journal import Journal
from common.market.stamp_form import StampForm
from common.message_log import MessageLog
from common.replay.results import (
    SCHEMA,
    digest_signals,
    last_revisions,
    read_signals,
    section_rows,
    write_signals,
)

NAN = float("nan")
NOT_IN_THE_DIGEST = {"version"}  # the registry's count, not the model


@pytest.fixture
def table(tmp_path: Path) -> pl.DataFrame:
    """Two arms; a held section of the first was revised, its universe grew, and a symbol has no value."""
    first: list[Streamed] = [
        universe("AB"), signals(1, {"A": 1.0, "B": NAN}), signals(2, {"A": 1.0, "B": NAN}, status=Status.HELD, age=1),
        signals(2, {"A": 2.0, "B": 3.0}, status=Status.LATE, revision=1), universe("ABC", 3),
        signals(3, {"A": 1.0, "B": -0.0, "C": 4.0}),
    ]  # fmt: skip
    second: list[Streamed] = [universe("A"), signals(1, {"A": 9.0}, arm="other"), signals(2, {"A": 8.0}, arm="other")]
    for arm, messages in {"champion": first, "other": second}.items():
        with Journal.open(tmp_path / "signals" / arm, sync="never") as journal:
            for message in messages:
                MessageLog(journal).append(message)
    return read_signals(tmp_path, ["champion", "other", "never"])


def test_one_row_a_symbol(table: pl.DataFrame) -> None:
    """Of every section and revision, with the symbols it had then; an arm without a record has none."""
    assert table.schema == pl.Schema(SCHEMA)
    rows = table.filter(arm="champion").select("bar", "revision", "symbol").rows()
    assert rows == [(1, 0, "A"), (1, 0, "B"), (2, 0, "A"), (2, 0, "B"), (2, 1, "A"), (2, 1, "B"),
                    (3, 0, "A"), (3, 0, "B"), (3, 0, "C")]  # fmt: skip
    held = table.filter(bar=2, revision=0, arm="champion").row(0, named=True)
    assert (held["status"], held["computed_from"], held["age"]) == ("held", 1, 1)


def test_a_row_a_section(table: pl.DataFrame, tmp_path: Path) -> None:
    """In the order of the record."""
    rows = section_rows(tmp_path, ["champion"])
    assert [(row["bar"], row["revision"], row["status"]) for row in rows] == [
        (1, 0, "fresh"), (2, 0, "held"), (2, 1, "late"), (3, 0, "fresh"),
    ]  # fmt: skip


def test_nothing_on_record(tmp_path: Path) -> None:
    """An empty table of the same form, with a digest."""
    table = read_signals(tmp_path, ["champion"])
    assert table.schema == pl.Schema(SCHEMA)
    assert len(digest_signals(table)) == 64


def test_the_last_revision_counts(table: pl.DataFrame) -> None:
    """The fallback that was revised is not in the digest."""
    assert last_revisions(table).filter(bar=2, arm="champion")["signal"].to_list() == [2.0, 3.0]
    changed = table.with_columns(signal=pl.when(status="held").then(99.0).otherwise("signal"))
    assert digest_signals(changed) == digest_signals(table)


@pytest.mark.parametrize(
    "change",
    [
        lambda table: table.sample(fraction=1.0, shuffle=True, seed=3),
        lambda table: table.reverse(),
        lambda table: table.with_columns(version=pl.col("version") + 7),
        lambda table: table.with_columns(signal=other_nan(table["signal"])),
    ],
    ids=["shuffled", "reversed", "registry's version", "another NaN"],
)
def test_what_does_not_matter(table: pl.DataFrame, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Row order, the registry's count, and which NaN."""
    assert digest_signals(change(table)) == digest_signals(table)


def other_nan(values: pl.Series) -> pl.Series:
    """The same numbers; NaN with its sign set and another payload."""
    bits = values.to_numpy().view(np.uint64)
    return pl.Series(np.where(np.isnan(values.to_numpy()), np.uint64(0xFFF8_0000_DEAD_BEEF), bits).view(np.float64))


@pytest.mark.parametrize("name", SCHEMA)
def test_any_change_of_any_column_matters(table: pl.DataFrame, name: str) -> None:
    """To the bit, in any row of a last revision, but for the columns that are left out on purpose."""
    final = last_revisions(table)
    digests = {digest_signals(final)}
    for row in range(final.height):
        digests.add(digest_signals(final.with_columns(pl.Series(name, changed(final[name], row), SCHEMA[name]))))
    assert len(digests) == (1 if name in NOT_IN_THE_DIGEST else final.height + 1)


def changed(column: pl.Series, row: int) -> list[object]:
    """The column with the smallest change of one value."""
    values = column.to_list()
    if column.dtype == pl.String:
        values[row] += "x"
    elif column.dtype == pl.Float64:
        values[row] = float(np.nextafter(values[row], 1e9)) if values[row] == values[row] else 0.0
    else:
        values[row] += 1
    return values


def test_minus_zero_is_another_bit(table: pl.DataFrame) -> None:
    """It prints the same, and is not."""
    assert digest_signals(table.with_columns(signal=pl.col("signal").abs())) != digest_signals(table)


def test_two_bars_of_one_stamp_have_an_order(table: pl.DataFrame) -> None:
    """Where clocks go back two bars carry the same stamp; the digest is that of any row order all the same."""
    folded = last_revisions(table).with_columns(stamp=pl.lit(5, pl.Int64))
    digests = {digest_signals(folded.sample(fraction=1.0, shuffle=True, seed=seed)) for seed in range(20)}
    assert len(digests) == 1


def test_as_parquet_it_joins_with_the_input(table: pl.DataFrame, tmp_path: Path) -> None:
    """`datetime` in the input's own type, `time` in UTC."""
    write_signals(tmp_path / "signals.parquet", table, StampForm(pl.Date()))
    written = pl.read_parquet(tmp_path / "signals.parquet")
    assert written.schema["datetime"] == pl.Date
    assert written.schema["time"] == pl.Datetime("ns", "UTC")
    assert written.height == table.height
