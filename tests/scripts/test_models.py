"""`python -m scripts.train` and `scripts.models`: what they say, write and return."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from common.market.sample import sample_market
from scripts import models, train
from scripts.command import main


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sample market."""
    path = tmp_path_factory.mktemp("market") / "bars.parquet"
    sample_market(seed=1, symbols=40, days=400).write_parquet(path)
    return path


@pytest.fixture(scope="module")
def registry(bars: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A registry with one model on record."""
    folder = tmp_path_factory.mktemp("state") / "registry"
    assert run("train", str(bars), "--registry", str(folder), "-p", "rounds=5", "--author", "ann") == 0
    return folder


def run(name: str, *arguments: str) -> int:
    """Exit status of a command run in this process."""
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main({"models": models, "train": train}[name].app, name, list(arguments)))
    return int(ended.value.code or 0)


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


def test_a_promotion_is_listed(registry: Path, tmp_path: Path) -> None:
    """With the alias that points at the version."""
    out = tmp_path / "figures.json"
    places = ("--registry", str(registry))
    assert run("models", "promote", "demo", "--instance", "sp500", "--why", "first", *places) == 0
    assert run("models", "list", *places, "--json", str(out)) == 0
    (row,) = json.loads(out.read_text(encoding="utf-8"))
    assert (row["name"], row["version"], row["author"], row["aliases"]) == ("demo", 1, "ann", ["sp500/champion"])


def test_show_prints_the_manifest(registry: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON on standard output if asked, and readable on standard error."""
    assert run("models", "show", "demo", "--registry", str(registry), "--json", "-") == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["manifest"]["training"]["parameters"]["rounds"] == 5
    assert "validation_rank_ic" in said.err


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("models", "show", "dem"), 1, "did you mean 'demo'"),
        (("models", "show", "demo", "--version", "7"), 1, "has no version 7"),
        (("models", "promote", "demo", "--instance", "a/b", "--why", "x"), 2, "instance name"),
        (("models", "promote", "demo", "--why", "x"), 2, "--instance"),
        (("models", "lst"), 2, "list"),
        (("train", "BARS", "--set", "bsic"), 2, "did you mean 'basic'"),
        (("train", "BARS", "--kind", "lightgmb"), 2, "did you mean 'lightgbm'"),
        (("train", "BARS", "--name", "Up"), 2, "model name"),
        (("train", "BARS", "-p", "rounds"), 2, "KEY=VALUE"),
        (("train", "BARS", "-p", "num_leafs=3"), 2, "did you mean"),
        (("train", "BARS", "--split", "1990-01-01"), 2, "leaves 0 of 400"),
        (("train", "BARS", "--split", "soon"), 2, "is not a date"),
        (("train", "none.parquet"), 1, "none.parquet"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    bars: Path,
    registry: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    arguments: tuple[str, ...],
    status: int,
    told: str,
) -> None:
    """Exit status 2 for usage and 1 for the rest, and no traceback."""
    given = [str(bars) if argument == "BARS" else argument for argument in arguments]
    place = ["--registry", str(registry)] if arguments[1] != "lst" else []
    assert run(given[0], *given[1:], *place) == status
    said = " ".join(capsys.readouterr().err.split())
    assert told in said.replace("│ ", "").replace(" │", "")
    assert "Traceback" not in said


def test_a_missing_registry_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Looking creates nothing, and neither does a promotion."""
    missing = tmp_path / "registry"
    assert run("models", "list", "--registry", str(missing)) == 1
    assert run("models", "promote", "demo", "--instance", "a", "--why", "x", "--registry", str(missing)) == 1
    assert "there is no registry" in capsys.readouterr().err
    assert not missing.exists()


@pytest.mark.parametrize("name", ["models", "train"])
def test_help_says_what_it_is_for(name: str) -> None:
    """As a program of its own."""
    done = subprocess.run(
        [sys.executable, "-m", f"scripts.{name}", "--help"], capture_output=True, text=True, check=True
    )
    assert "--registry" in done.stdout or "promote" in done.stdout


def test_an_interruption_is_told_by_the_exit_status(
    bars: Path, registry: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in the middle gives 130, and nothing is registered."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "train_or_reuse", interrupted)
    assert run("train", str(bars), "--registry", str(registry), "-p", "rounds=6") == 130
