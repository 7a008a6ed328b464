"""`list` and `show`: every version with its aliases, and what one was made of."""

import io
import json
from pathlib import Path

import pytest

from common.models.records import Change, ModelRef, ModelRow
from scripts.views.models import history_table, list_table
from scripts.views.people import People
from tests.scripts.models.asking import run


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


@pytest.mark.parametrize("verb", ["show", "verify", "importance"])
def test_a_version_is_named_as_it_is_listed(verb: str, registry: Path) -> None:
    """NAME/VERSION, as `list` prints it, is the same as NAME and --version."""
    for version, status in (("1", 0), ("2", 1)):
        assert run("models", verb, f"demo/{version}", "--registry", str(registry)) == status


def test_a_missing_registry_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Looking creates nothing, and neither does a promotion."""
    missing = tmp_path / "registry"
    assert run("models", "list", "--registry", str(missing)) == 1
    assert run("models", "promote", "demo", "--instance", "a", "--why", "x", "--registry", str(missing)) == 1
    assert "there is no registry" in capsys.readouterr().err
    assert not missing.exists()


def test_a_narrow_terminal_cuts_nothing_off() -> None:
    """Tables fold what has no room: every letter of a long name, alias or reason is there."""
    ref = ModelRef("m" * 40, 12, "ab" * 32)
    row = ModelRow(ref, "lightgbm", "key", 0, "somebody-with-a-long-name")
    change = Change(1, 0, "halt", "instance-of-some-length", None, None, None, "ann", "w" * 50, "challenger")
    for table, words in (
        (list_table([row], {ref: ["instance-of-some-length/champion"]}), {"m": 40}),
        (history_table([change]), {"w": 50}),
    ):
        people = People(file=io.StringIO(), width=60)
        people.print(table)
        assert isinstance(people.file, io.StringIO)
        shown = people.file.getvalue()
        assert "\u2026" not in shown
        assert all(shown.count(letter) >= count for letter, count in words.items())
