"""One form for all figures: what a row says, and how it is written."""

import json
from dataclasses import fields
from io import StringIO
from math import inf, nan

import pytest
from rich.console import Console

from scripts.bench.machine import Machine
from scripts.bench.rows import Result, Row, show

MACHINE = Machine(
    time="2020-01-02T03:04:05+00:00",
    cpu="a processor",
    cores=2,
    memory_gb=8.0,
    system="Linux 6",
    python="3.11.0",
    libraries={"numpy": "2.0"},
    load_before=(0.1, 0.2, 0.3),
    load_after=(1.1, 0.4, 0.3),
)


def test_the_form_has_these_keys_and_no_others() -> None:
    """Machine and rows; a row's keys in the order they are read."""
    figures = Result(MACHINE, (Row.of("a", 1.0, "ms"),)).figures()
    assert set(figures) == {"machine", "rows"}
    assert list(figures["rows"][0]) == ["what", "ours", "peer", "theirs", "unit", "ratio", "goal", "met"]
    assert {field.name for field in fields(Machine)} | {"busy"} == set(figures["machine"])
    assert json.loads(json.dumps(figures, allow_nan=False))["rows"][0]["ours"] == 1.0


def test_a_row_compares() -> None:
    """The ratio is ours over theirs."""
    assert Row.of("a", 3.0, "ms", peer="b", theirs=2.0) == Row("a", 3.0, "b", 2.0, "ms", 1.5, None, None)


@pytest.mark.parametrize(
    ("ours", "goal", "more_is_better", "met"),
    [
        (1.0, 2.0, False, True),
        (2.0, 2.0, False, False),
        (3.0, 2.0, False, False),
        (3.0, 2.0, True, True),
        (1.0, 2.0, True, False),
        (None, 2.0, False, None),
        (1.0, None, False, None),
    ],
)
def test_a_goal_is_met_or_not(
    ours: float | None, goal: float | None, *, more_is_better: bool, met: bool | None
) -> None:
    """Below the goal, or above it where more is better; no verdict without a figure or a goal."""
    assert Row.of("a", ours, "ms", goal=goal, more_is_better=more_is_better).met is met


def test_a_missing_peer_is_a_row_that_says_so() -> None:
    """No ratio without their figure, nor with one of zero."""
    assert Row.of("a", 3.0, "ms", peer="b: not installed").ratio is None
    assert Row.of("a", 3.0, "ms", peer="b", theirs=0.0).ratio is None


@pytest.mark.parametrize("value", [nan, inf, -inf])
@pytest.mark.parametrize("place", ["ours", "theirs", "goal"])
def test_what_is_no_number_is_no_figure(value: float, place: str) -> None:
    """JSON has no word for it, and it would hide a mistake."""
    figures = {"ours": 1.0, place: value}
    with pytest.raises(ValueError, match="is not a figure"):
        Row.of("a", figures.pop("ours"), "ms", **figures)  # type: ignore[arg-type]


def test_the_table_is_readable() -> None:
    """Every row, its figures short, its verdict in words; the machine and how busy it was above."""
    text = StringIO()
    rows = (Row.of("fast", 1.23456, "ms", goal=2.0), Row.of("slow", 12345.6, "ms", peer="b", theirs=2.0, goal=2.0))
    show(Result(MACHINE, rows), Console(file=text, width=160))
    table = text.getvalue()
    assert "a processor, 2 cores, 8 GB, Python 3.11.0; load 0.10 → 1.10" in table
    lines = {words[0]: words for line in table.splitlines() if (words := line.split()) and "ms" in words}
    assert "1.23" in lines["fast"]
    assert "yes" in lines["fast"]
    assert "12,346" in lines["slow"]
    assert "no" in lines["slow"]
