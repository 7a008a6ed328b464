"""`python -m scripts.train` and `scripts.models`: what they say, write and return."""

import io
import json
import shutil
import subprocess
import sys
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from common.market.sample import sample_market
from common.models.records import Change, ModelRef, ModelRow, Serving
from common.models.registry import Registry
from scripts import models, train
from scripts.command import main
from scripts.views.models import history_table, list_table


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
        (("train", "none.parquet"), 2, "none.parquet"),
        (("train", "BARS", "--kind", "mlp", "-p", "hidden=many"), 2, "parameter hidden"),
        (("train", "BARS", "--own-kind", "mine"), 2, "name=module:Class"),
        (("train", "BARS", "--kind", "mine", "--own-kind", "mine=no.such:Kind"), 2, "cannot be loaded"),
        (("train", "BARS", "--key", "none"), 2, "cannot be read"),
        (("models", "rollback", "--instance", "none", "--why", "x"), 1, "has no alias"),
        (("models", "remove", "demo", "--version", "9", "--why", "x"), 1, "has no version 9"),
        (("models", "served", "--instance", "none", "--bar", "3"), 1, "nothing is on record"),
        (("models", "served", "--instance", "none", "--bar", "3", "--journal", "xyz"), 2, "journal"),
        (("models", "importance", "demo", "--by", "gian"), 2, "did you mean 'gain'"),
        (("models", "import", "none.tar"), 1, "none.tar"),
        (("models", "verify", "--key", "none"), 2, "cannot be read"),
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


def answer(folder: Path, *arguments: str, status: int = 0) -> Any:
    """What a verb of scripts.models says as JSON."""
    out = folder / "answer.json"
    assert run("models", *arguments, "--json", str(out)) == status
    return json.loads(out.read_text(encoding="utf-8"))


@pytest.fixture
def two(registry: Path, bars: Path, tmp_path: Path) -> tuple[str, str]:
    """A registry of the test's own, with two versions, the first of which was champion before the second."""
    place = ("--registry", str(shutil.copytree(registry, tmp_path / "registry")))
    assert run("train", str(bars), *place, "--kind", "linear", "-p", "alpha=0.1") == 0
    for version in ("1", "2"):
        assert run("models", "promote", "demo", "--version", version, "--instance", "own", "--why", "x", *place) == 0
    return place


def test_a_rollback_and_its_history(two: tuple[str, str], tmp_path: Path) -> None:
    """Back to the first, with by whom and why."""
    found = answer(tmp_path, "rollback", "--instance", "own", "--why", "worse", "--by", "bob", *two)
    assert (found["name"], found["version"], found["alias"]) == ("demo", 1, "champion")
    last = answer(tmp_path, "history", "--instance", "own", *two)[-1]
    told = [last[name] for name in ("action", "from", "to", "by", "why")]
    assert told == ["rollback", "demo/2", "demo/1", "bob", "worse"]


def test_a_version_that_an_alias_means_is_not_removed(two: tuple[str, str], tmp_path: Path) -> None:
    """The other one is, and is listed as gone."""
    assert run("models", "remove", "demo", "--version", "2", "--why", "x", *two) == 1
    assert run("models", "remove", "demo", "--version", "1", "--why", "x", *two) == 1
    assert run("models", "promote", "demo", "--version", "2", "--instance", "sp500", "--why", "x", *two) == 0
    assert answer(tmp_path, "remove", "demo", "--version", "1", "--why", "x", *two)["version"] == 1
    assert [row["version"] for row in answer(tmp_path, "list", *two)] == [2]
    assert [row["version"] for row in answer(tmp_path, "list", "--removed", *two)] == [1]


def test_verify_finds_what_is_damaged(two: tuple[str, str], tmp_path: Path) -> None:
    """Every version gets its verdict; one that is not good makes the exit status 1."""
    rows = answer(tmp_path, "verify", *two)
    assert [(row["version"], row["good"]) for row in rows] == [(1, True), (2, True)]
    (Path(two[1]) / "bundles" / rows[1]["digest"] / "linear.npz").write_bytes(b"")
    rows = answer(tmp_path, "verify", *two, status=1)
    assert [row["good"] for row in rows] == [True, False]
    assert "linear.npz" in rows[1]["trouble"]
    assert answer(tmp_path, "verify", "demo", "--version", "1", *two)[0]["good"]


def test_a_version_travels_as_one_file(two: tuple[str, str], tmp_path: Path) -> None:
    """Into a registry that was not there, under its first number, byte for byte; again it keeps it."""
    tar, other = tmp_path / "demo.tar", ("--registry", str(tmp_path / "other"))
    sent = answer(tmp_path, "export", "demo", "--version", "2", "--out", str(tar), *two)
    for _ in range(2):
        got = answer(tmp_path, "import", str(tar), *other)
        assert (got["version"], got["digest"]) == (1, sent["digest"])
    assert answer(tmp_path, "verify", *other)[0]["good"]


def test_signatures_from_the_key_to_the_refusal(two: tuple[str, str], tmp_path: Path) -> None:
    """Unsigned: refused by verify, promote and import, until it is signed."""
    key = ("--key", str(tmp_path / "key"))
    made = answer(tmp_path, "key", key[1])["key"]
    assert "not signed" in answer(tmp_path, "verify", *key, *two, status=1)[0]["trouble"]
    promotion = ("promote", "demo", "--version", "1", "--instance", "own", "--why", "x", *key, *two)
    assert run("models", *promotion) == 1
    assert answer(tmp_path, "sign", "demo", "--version", "1", *key, *two)["key"] == made
    assert run("models", *promotion) == 0
    tar, other = tmp_path / "demo.tar", ("--registry", str(tmp_path / "other"))
    for version, status in (("2", 1), ("1", 0)):
        assert run("models", "export", "demo", "--version", version, "--out", str(tar), *two) == 0
        assert run("models", "import", str(tar), *key, *other) == status
    assert answer(tmp_path, "verify", *key, *other)[0]["good"]


def test_a_training_with_a_key_is_signed(bars: Path, tmp_path: Path) -> None:
    """And is used again only as long as it is."""
    key, place = tmp_path / "key", ("--registry", str(tmp_path / "registry"))
    assert run("models", "key", str(key)) == 0
    training = ("train", str(bars), "--kind", "linear", "--key", str(key), *place)
    assert run(*training) == 0
    assert answer(tmp_path, "verify", "--key", str(key), *place)[0]["good"]
    assert run(*training) == 0
    next((tmp_path / "registry" / "bundles").glob("*.signature")).unlink()
    assert run(*training) == 1


def test_importance_as_table_plot_and_figures(two: tuple[str, str], tmp_path: Path) -> None:
    """The figures hold every feature, sorted by what was asked for; the page stands alone."""
    page = tmp_path / "importance.html"
    rows = answer(tmp_path, "importance", "demo", "--version", "1", "--by", "split", "--plot", str(page), *two)
    splits = [row["split"] for row in rows]
    assert splits == sorted(splits, reverse=True)
    assert {"feature", "gain", "split"} == set(rows[0])
    assert rows[0]["feature"] in page.read_text(encoding="utf-8")


def test_who_served_is_told(two: tuple[str, str], tmp_path: Path) -> None:
    """From which bar on, of which journal."""
    with Registry(Path(two[1]), clock=lambda: 1) as registry:
        registry.record_serving(Serving("own", b"j" * 16, "live", "champion", 5, 50, "demo", 2))
    found = answer(tmp_path, "served", "--instance", "own", "--bar", "7", *two)
    assert (found["version"], found["bar"], found["journal"]) == (2, 5, (b"j" * 16).hex())
    assert run("models", "served", "--instance", "own", "--bar", "4", *two) == 1


def test_an_own_kind_is_trained_and_verified(bars: Path, tmp_path: Path) -> None:
    """Named on the command line; without the name it cannot be loaded."""
    own = ("--own-kind", "mean=tests.common.models.own_kind:MeanModel")
    place = ("--registry", str(tmp_path / "registry"))
    assert run("train", str(bars), "--kind", "mean", *own, *place) == 0
    assert answer(tmp_path, "verify", *own, *place)[0]["good"]
    assert "no model kind 'mean'" in answer(tmp_path, "verify", *place, status=1)[0]["trouble"]


def test_every_verb_takes_json() -> None:
    """A new one without it fails."""
    verbs = models.app.registered_commands
    assert len(verbs) >= 12
    assert [
        verb.name for verb in verbs if verb.callback and "json_file" not in signature(verb.callback).parameters
    ] == []


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


def test_a_narrow_terminal_cuts_nothing_off() -> None:
    """Tables fold what has no room: every letter of a long name, alias or reason is there."""
    ref = ModelRef("m" * 40, 12, "ab" * 32)
    row = ModelRow(ref, "lightgbm", "key", 0, "somebody-with-a-long-name")
    change = Change(1, 0, "halt", "instance-of-some-length", None, None, None, "ann", "w" * 50, "challenger")
    for table, words in (
        (list_table([row], {ref: ["instance-of-some-length/champion"]}), {"m": 40}),
        (history_table([change]), {"w": 50}),
    ):
        people = Console(file=io.StringIO(), width=60)
        people.print(table)
        assert isinstance(people.file, io.StringIO)
        shown = people.file.getvalue()
        assert "\u2026" not in shown
        assert all(shown.count(letter) >= count for letter, count in words.items())


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
