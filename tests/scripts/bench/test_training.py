"""The training benchmark, small: both sides in processes of their own, rows in the one form."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alphabus.clock import SystemClock
from common.errors import PipelineError
from scripts.bench import training_asking
from scripts.bench.factor_market import read_market
from scripts.bench.reporting import Bench
from scripts.bench.rows import Row
from scripts.bench.training import GOALS, ROUNDS, THEIRS, measure
from scripts.bench.training_asking import ENVIRONMENTS, Peer, asked
from scripts.bench.training_chart import write_chart
from scripts.bench.training_market import MARKET, Task
from scripts.bench.training_ours import Ours
from scripts.bench.training_peer import PEERS, spent

TINY = Task.of(20, 130, rounds=2)
LABEL_BARS = 3


def track(_what: str, _steps: int) -> Callable[[], None]:
    """Show nothing."""
    return lambda: None


def measured(folder: Path) -> dict[str, Row]:
    """Rows of a tiny task, by what they are of."""
    return {row.what: row for row in measure(TINY, Bench(folder, SystemClock(), track))}


@pytest.mark.e2e
def test_without_the_other_side_ours_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And a row says how to get it."""
    monkeypatch.setattr(training_asking, "ROOT", tmp_path)
    rows = measured(tmp_path)
    for what in GOALS:
        row = rows[f"{what}, {TINY.shape}"]
        assert row.ours is not None
        assert row.met is None
    assert rows[TINY.shape].peer == "vnpy.alpha: not installed; make .venv-peers/peers.stamp"


@pytest.mark.e2e
def test_a_side_that_cannot_work_says_why(tmp_path: Path) -> None:
    """With the last line of what it said, at the start or later."""
    with asked("ours", tmp_path) as side:
        assert isinstance(side, str)
        assert "FileNotFoundError" in side
    TINY.write(tmp_path)
    with asked("ours", tmp_path) as side:
        assert isinstance(side, Peer)
        with pytest.raises(PipelineError, match="there is no dataset yet"):
            side.cost("fit")


def test_a_task_is_read_as_it_was_written(tmp_path: Path) -> None:
    """And its spans follow one another, behind the longest look-back, to the last day."""
    TINY.write(tmp_path)
    assert Task.read(tmp_path) == TINY
    edges = [*TINY.train, *TINY.valid, *TINY.test]
    assert edges == sorted(edges)
    assert (edges[0], edges[-1]) == (60, TINY.days - 1)
    assert (TINY.valid[0], TINY.test[0]) == (TINY.train[1] + 1, TINY.valid[1] + 1)


def test_ours_is_what_a_notebook_does(tmp_path: Path) -> None:
    """A dataset, then a fit, in this process."""
    TINY.write(tmp_path)
    side = Ours(read_market(tmp_path / MARKET), TINY)
    assert spent(side, "dataset") > 0
    assert spent(side, "fit") > 0
    assert side.facts() == {"rows": float((TINY.train[1] - TINY.train[0] + 1 - LABEL_BARS) * TINY.symbols)}


def test_every_side_is_known_to_all() -> None:
    """The program, the environments, the rounds."""
    assert set(PEERS) == set(ENVIRONMENTS) == {name for name, _ in ROUNDS}
    assert {what for _, what in ROUNDS} == set(GOALS)


def test_the_chart_is_a_page_of_its_own(tmp_path: Path) -> None:
    """Nothing is fetched from a network to draw it; a row without another side has no bar."""
    rows = [
        Row.of("dataset, small", 10.0, "ms", peer=THEIRS, theirs=100.0),
        Row.of("fit, small", 10.0, "ms"),
        Row.of("rows learnt from", 10.0, "rows", peer=THEIRS, theirs=10.0),
    ]
    write_chart(tmp_path / "chart.html", rows)
    page = (tmp_path / "chart.html").read_text()
    assert "<script src=" not in page
    drawn = page.rpartition("Plotly.newPlot")[2]
    assert "dataset, small: vnpy.alpha" in drawn
    assert "fit, small" not in drawn
    assert "rows learnt" not in drawn
