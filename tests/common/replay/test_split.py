"""Where history ends."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from common.errors import BarFileError
from common.market.store import BarTable, load_bars
from common.models.manifest import LabelRecord, Manifest, Span
from common.replay.split import Split
from tests.services.cluster import toy_bundle


def bars(folder: Path, days: int) -> BarTable:
    """One symbol, one bar a day from 2020-01-01."""
    rows = [f"2020-01-{day:02},A,1,1,1,1,1" for day in range(1, days + 1)]
    path = folder / "bars.csv"
    path.write_text("\n".join(["datetime,symbol,open,high,low,close,volume", *rows]), encoding="ascii")
    return load_bars(path)


@pytest.mark.parametrize(("days", "history"), [(3, 2), (4, 2), (5, 3), (6, 4)])
def test_two_thirds_by_default(tmp_path: Path, days: int, history: int) -> None:
    """Rounded down; the rest is replayed."""
    table = bars(tmp_path, days)
    split = Split.of(table, None)
    assert (split.history, split.replayed) == (history, days - history)
    assert split.split_ns == table.times[history]


def test_a_date_as_the_file_writes_it(tmp_path: Path) -> None:
    """What is stamped before it is history."""
    split = Split.of(bars(tmp_path, 6), "2020-01-05")
    assert (split.history, split.replayed) == (4, 2)


@pytest.mark.parametrize("date", ["2020-01-01", "2019-01-01", "2020-01-07", "soon", "2020-01-03T00:00+02:00"])
def test_both_sides_need_some(tmp_path: Path, date: str) -> None:
    """A date that leaves nothing on one side, or is none, is refused with what was given."""
    with pytest.raises(BarFileError, match="SPLIT"):
        Split.of(bars(tmp_path, 6), date)


def made(table: BarTable, first: int, last: int, horizon: int = 2) -> Manifest:
    """Of a model trained and validated on these sections of the table, numbered from 0; outside of it by whole days."""
    day = int(table.times[1] - table.times[0])
    ends = [int(table.times[0]) + place * day for place in (first, (first + last) // 2, last)]
    spans = {"training": Span(ends[0], ends[1], 1), "validation": Span(ends[1] + 1, ends[2], 1)}
    return replace(toy_bundle().manifest, spans=spans, label=LabelRecord("close", horizon))


@pytest.mark.parametrize(
    ("last", "warm", "history"),
    [
        (6, 1, 9),  # what it was made of, and the two bars its last label saw
        (1, 1, 4),
        (1, 5, 20),  # four sections of history would leave its factors cold
        (22, 26, 25),  # so would these, but two thirds are fewer
        (26, 1, 29),
        (27, 1, 20),  # nothing is left to replay
        (99, 1, 20),
        (-9, 1, 2),  # made of bars before these, so that none is needed but for the factors
        (-9, 5, 20),
    ],
)
def test_history_ends_with_what_the_model_was_made_of(last: int, warm: int, history: int, tmp_path: Path) -> None:
    """As far as there are bars after it, and enough before it; else two thirds."""
    table = bars(tmp_path, 30)
    split = Split.after(table, made(table, last - 5, last), warm)
    assert (split.history, split.replayed) == (history, 30 - history)
    assert split.split_ns == table.times[history]


@pytest.mark.parametrize(("span", "seen"), [((0, 6), 0), ((0, 9), 0), ((0, 10), 1), ((12, 15), 4), ((0, 99), 20)])
def test_replayed_sections_a_model_has_seen_are_counted(span: tuple[int, int], seen: int, tmp_path: Path) -> None:
    """From its first section to its last, both included."""
    table = bars(tmp_path, 30)
    assert Split.of(table, "2020-01-11").seen(table, made(table, *span)) == seen


def test_a_model_that_does_not_say_has_seen_nothing(tmp_path: Path) -> None:
    """A bundle without spans: two thirds, or whatever is asked for."""
    table = bars(tmp_path, 30)
    silent = replace(made(table, 0, 5), spans={})
    assert Split.after(table, silent, 10).history == 20
    assert Split.of(table, None).seen(table, silent) == 0
