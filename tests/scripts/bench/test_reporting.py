"""What every benchmark ends with: the machine, rows, a chart where one is asked for, JSON."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import typer

from scripts.bench.reporting import Bench, Chart, run
from scripts.bench.rows import Row

ROWS = [Row.of("a step", 1.0, "ms", peer="theirs", theirs=2.0, goal=1.5)]


def draw(path: Path, rows: Sequence[Row]) -> None:
    """Write the names of the rows."""
    path.write_text(", ".join(row.what for row in rows))


def test_rows_are_told_and_drawn_and_nothing_is_left(tmp_path: Path) -> None:
    """The folder is there while it is measured, and gone after it."""
    seen: list[Path] = []

    def measure(bench: Bench) -> list[Row]:
        (bench.folder / "scratch").touch()
        seen.append(bench.folder)
        bench.track("a part", 1)()
        return ROWS

    run(measure, ("numpy",), tmp_path / "figures.json", Chart(tmp_path / "chart.html", draw))
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert [row["what"] for row in figures["rows"]] == ["a step"]
    assert figures["machine"]["libraries"].keys() == {"numpy"}
    assert (tmp_path / "chart.html").read_text() == "a step"
    assert not seen[0].exists()


def test_what_is_not_asked_for_is_not_written(tmp_path: Path) -> None:
    """Neither a chart nor figures."""
    run(lambda _: ROWS, ("numpy",), None, Chart(None, draw))
    assert list(tmp_path.iterdir()) == []


def test_a_chart_that_could_not_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    """It would be known only after minutes; likewise one that the figures would replace."""

    def measure(_: Bench) -> list[Row]:
        raise AssertionError("it was measured")

    for place, told in (
        (tmp_path / "none" / "chart.html", "there is no folder"),
        (tmp_path / "a", "is what --plot names"),
    ):
        with pytest.raises(typer.BadParameter, match=told):
            run(measure, ("numpy",), tmp_path / "a", Chart(place, draw))
