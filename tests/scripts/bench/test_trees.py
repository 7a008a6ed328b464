"""The trees' benchmark, small: peers in processes of their own, rows in the one form, a missing peer that says so."""

from collections.abc import Callable
from pathlib import Path

import pytest

from common.errors import PipelineError
from scripts.bench import tree_asking
from scripts.bench.asking import ROOT
from scripts.bench.tree_asking import ENVIRONMENTS, Missing, Peer, asked
from scripts.bench.tree_chart import write_chart
from scripts.bench.tree_models import Size, grown, rows_for
from scripts.bench.tree_peer import PEERS
from scripts.bench.trees import GOALS, measure

TINY = Size(3, 4)


def track(_what: str, _steps: int) -> Callable[[], None]:
    """Show nothing."""
    return lambda: None


@pytest.mark.e2e
def test_ours_and_lightgbm_are_measured_in_turns(tmp_path: Path) -> None:
    """Speed, load, memory, and every score with LightGBM's bits."""
    rows, cells = measure(tmp_path, TINY, (1, 500), ["ours", "LightGBM"], track)
    assert [(cell.rows, cell.peer) for cell in cells] == [
        (1, "ours"), (1, "LightGBM"), (500, "ours"), (500, "LightGBM"),
    ]  # fmt: skip
    found = {row.what: row for row in rows}
    assert found["scores with LightGBM's bits, 3 x 4"].ours == 1.0
    assert found["load, 3 x 4"].ours is not None
    assert found["500 x 158, 3 x 4"].ratio is not None


def test_a_peer_that_is_not_installed_is_a_row_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With where its pins are."""
    monkeypatch.setattr(tree_asking, "ROOT", tmp_path)
    with asked(["lleaves"], tmp_path, tmp_path, tmp_path) as (peer,):
        assert isinstance(peer, Missing)
        assert "not installed" in peer.why
        assert "requirements/bench-lleaves.lock" in peer.why


@pytest.mark.e2e
def test_a_peer_that_cannot_load_a_model_says_why(tmp_path: Path) -> None:
    """With the last line of what it said."""
    model = tmp_path / "model.txt"
    model.write_text("no model")
    with asked(["ours"], model, rows_for(tmp_path, 10), tmp_path) as (peer,):
        assert isinstance(peer, Missing)
        assert "ModelError" in peer.why


@pytest.mark.e2e
def test_a_peer_that_died_is_an_error(tmp_path: Path) -> None:
    """And not a figure."""
    model = grown(tmp_path, TINY, lambda: None)
    with asked(["ours"], model, rows_for(tmp_path, 10), tmp_path) as (peer,):
        assert isinstance(peer, Peer)
        peer.process.kill()
        peer.process.wait()
        with pytest.raises(PipelineError, match="ours"):
            peer.measure(1, 1)


def test_every_peer_has_an_environment_and_every_goal_a_peer() -> None:
    """No row can be promised that nobody measures."""
    assert set(ENVIRONMENTS) == set(PEERS)
    assert {peer for _, _, peer in GOALS} <= set(PEERS)
    assert {lock for lock in ENVIRONMENTS.values() if lock} <= {
        path.stem for path in (ROOT / "requirements").glob("bench-*.lock")
    }


def test_the_chart_is_a_page_of_its_own(tmp_path: Path) -> None:
    """Nothing is fetched from a network to draw it."""
    path = tmp_path / "chart.html"
    write_chart(path, [("3 x 4", 1, "ours", 0.1), ("3 x 4", 500, "ours", 0.2), ("3 x 4", 1, "LightGBM", 0.3)])
    assert "<script src=" not in path.read_text()
    assert "LightGBM" in path.read_text()
