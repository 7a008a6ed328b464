"""`python -m scripts.models`, and `scripts.train` beside it: exit statuses, words, help, JSON everywhere."""

import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest

from scripts.models.__main__ import VERBS
from tests.scripts.models.asking import run


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("models", "show", "dem"), 1, "did you mean 'demo'"),
        (("models", "show", "demo", "--version", "7"), 1, "has no version 7"),
        (("models", "show", "demo/7"), 1, "has no version 7"),
        (("models", "show", "demo/x"), 2, "is not NAME or NAME/VERSION"),
        (("models", "show", "demo/1", "--version", "2"), 2, "demo/1 is version 1, and --version says 2"),
        (("models", "remove", "demo", "--why", "x"), 2, "which one? there is no default"),
        (("models", "verify", "--version", "1"), 2, "of which model? name it"),
        (("models", "promote", "demo", "--instance", "a/b", "--why", "x"), 2, "instance name"),
        (("models", "promote", "demo", "--why", "x"), 2, "--instance"),
        (("models", "rollback", "--why", "x"), 2, "--instance"),
        (("models", "served", "--bar", "3"), 2, "--instance"),
        (("models", "sign", "demo"), 2, "name a key file"),
        (("models", "list", "--config", "none.toml"), 2, "none.toml: cannot be read"),
        (("models", "lst"), 2, "list"),
        (("train", "BARS", "--set", "bsic"), 2, "did you mean 'basic'"),
        (("train", "BARS", "--kind", "lightgmb"), 2, "did you mean 'lightgbm'"),
        (("train", "BARS", "--name", "Up"), 2, "model name"),
        (("train", "BARS", "-p", "rounds"), 2, "KEY=VALUE"),
        (("train", "BARS", "-p", "num_leafs=3"), 2, "did you mean"),
        (("train", "BARS", "--split", "1990-01-01"), 2, "leaves 0 of 400"),
        (("train", "BARS", "--split", "soon"), 2, "is no date"),
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
        (("models", "import", "none.tar"), 2, "none.tar cannot be read: No such file or directory; name a file that"),
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


def test_every_verb_takes_json() -> None:
    """A new one without it fails."""
    assert len(VERBS) >= 12
    assert [name for name, verb in VERBS.items() if "json_file" not in signature(verb).parameters] == []


def test_every_verb_on_a_registry_takes_a_configuration() -> None:
    """What serves from it has a key and kinds: a new verb that cannot be told of them fails."""
    on_a_registry = {name for name, verb in VERBS.items() if "registry" in signature(verb).parameters}
    assert on_a_registry == set(VERBS) - {"key"}
    assert {name for name in on_a_registry if "config" not in signature(VERBS[name]).parameters} == set()


@pytest.mark.parametrize("name", ["models", "train"])
def test_help_says_what_it_is_for(name: str) -> None:
    """As a program of its own."""
    done = subprocess.run(
        [sys.executable, "-m", f"scripts.{name}", "--help"], capture_output=True, text=True, check=True
    )
    assert "--registry" in done.stdout or "promote" in done.stdout
