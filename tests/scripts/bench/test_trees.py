"""The trees' benchmark, small: peers in processes of their own, rows in the one form, a missing peer that says so."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from numpy.typing import NDArray

from common.errors import PipelineError
from scripts.bench import tree_asking, tree_peer
from scripts.bench.asking import ROOT
from scripts.bench.tree_asking import ENVIRONMENTS, Missing, Peer, asked
from scripts.bench.tree_chart import write_chart
from scripts.bench.tree_models import Size, grown, rows_for
from scripts.bench.tree_peer import COMPILED, PEERS, kept, loaded
from scripts.bench.trees import GOALS, agreement, chosen, measure

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


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("lleaves, TREELITE", ["lleaves", "Treelite"]),
        ("LightGBM, 2 threads", ["LightGBM, 2 threads"]),
        ("tl2cgen,lightgbm, 2 threads,LightGBM", ["LightGBM", "LightGBM, 2 threads", "tl2cgen"]),
        ("ours", []),
    ],
)
def test_peers_are_chosen_by_name(text: str, names: list[str]) -> None:
    """In whatever case; ours is measured anyway."""
    assert chosen(text) == names


@pytest.mark.parametrize(
    ("text", "told"), [("lleaves,treelight", "'treelight'; did you mean 'treelite'"), ("xgboost", "no peer 'xgboost'")]
)
def test_an_unknown_peer_is_refused(text: str, told: str) -> None:
    """Also beside one that is known: it would be missed later."""
    with pytest.raises(typer.BadParameter, match=told):
        chosen(text)


def test_what_was_compiled_belongs_to_one_text(tmp_path: Path) -> None:
    """Another model of the same name is compiled anew."""
    model = tmp_path / "model.txt"
    model.write_text("one")
    first = {peer: kept(model, tmp_path, peer) for peer in COMPILED}
    model.write_text("other")
    assert len({*first.values(), *(kept(model, tmp_path, peer) for peer in COMPILED)}) == 2 * len(COMPILED)
    assert set(COMPILED) <= set(PEERS)


def test_only_what_was_compiled_before_is_told_with_the_time_it_took_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a file, without a record, is compiled again; a peer that does not compile has no record at all."""
    model = tmp_path / "model.txt"
    model.write_text("one")
    target, compiled = kept(model, tmp_path, "lleaves"), []

    def compiling(_model: Path, folder: Path) -> Callable[[object], object]:
        (folder / "other.tmp").write_text("whatever")
        if not target.exists():
            compiled.append(target.write_text("machine code"))
        return lambda rows: rows

    monkeypatch.setattr(tree_peer, "PEERS", {"lleaves": compiling, "Treelite": compiling})
    target.write_text("half")
    took, _ = loaded("lleaves", model, tmp_path)
    assert loaded("lleaves", model, tmp_path)[0] == took
    assert compiled == [12]
    before = set(tmp_path.iterdir())
    loaded("Treelite", model, tmp_path)
    assert set(tmp_path.iterdir()) == before


def test_scores_agree_by_their_bits(tmp_path: Path) -> None:
    """The same NaN is the same score; a zero of the other sign is not."""
    theirs = np.array([1.0, np.nan, 0.0, 2.0])

    class Saying(Peer):
        def scores(self, _rows: int, _folder: Path) -> NDArray[np.float64]:
            return theirs if self.name == "LightGBM" else np.array([1.0, np.nan, -0.0, 2.0])

    peers = [Saying(name, None, 0.0, 0.0) for name in ("ours", "LightGBM")]  # type: ignore[arg-type]
    (row,) = agreement(TINY, peers, tmp_path)
    assert row.ours == 0.75


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
