"""`python -m scripts.train` on a registry that knows models: one is used again, an interruption leaves nothing."""

import json
from pathlib import Path

import pytest

from common.market.sample import sample_market
from scripts.train import outcome
from tests.scripts.models.asking import run


def figures(path: Path) -> object:
    """What a command wrote as JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def test_training_again_uses_the_model_on_record(bars: Path, registry: Path, tmp_path: Path) -> None:
    """And says so in its figures."""
    out = tmp_path / "figures.json"
    assert run("train", str(bars), "--registry", str(registry), "-p", "rounds=5", "--json", str(out)) == 0
    found = figures(out)
    assert isinstance(found, dict)
    assert (found["name"], found["version"], found["reused"]) == ("demo", 1, True)
    assert found["sections"] == 400
    assert found["history_sections"] == 266


def test_an_interruption_is_told_by_the_exit_status(
    bars: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle gives 130, and nothing is registered."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(outcome, "train_or_reuse", interrupted)
    assert run("train", str(bars), "--registry", str(registry), "-p", "rounds=6") == 130


def test_too_little_history_names_the_file_and_what_is_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """How many bars the set needs, how many there are, and what helps."""
    path = tmp_path / "short.parquet"
    sample_market(symbols=24, days=120).write_parquet(path)
    assert run("train", str(path), "--registry", str(tmp_path / "registry")) == 2
    told = capsys.readouterr().err
    assert f"error: {path}: there are no complete rows to train on" in told
    assert "complete after 159 bars of a symbol" in told
    assert "move --split to a later date" in told
