"""`python -m scripts.drill swaps`: what it says, writes and leaves behind, by how the drill went."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scripts.command import main
from scripts.drill import __main__ as command
from scripts.drill.course import Seen
from tests.scripts.drill.test_drill import flawless, hold


def drilled(seen: Seen, folder: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Exit status of a drill that saw this; its folder lies in a folder of the test's."""

    def run(place: Path, plan: object, clock: object, step: Callable[[], None]) -> Seen:
        del plan, clock
        (place / "log").write_text("what happened")
        for _ in range(20):
            step()
        return seen

    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    monkeypatch.setattr(command, "run", run)
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(command.app, "drill", ["swaps", "--sections", "20", *arguments]))
    return int(ended.value.code or 0)


def test_all_of_it_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0, the figures for people and for programs, and nothing is left."""
    assert drilled(flawless(), tmp_path, monkeypatch, "--json", "-") == 0
    said = capsys.readouterr()
    told = json.loads(said.out)
    assert (told["figures"]["swaps"], told["complaints"], told["plan"]["sections"]) == ("1", [], 100)
    assert "all of it held" in said.err
    assert list(tmp_path.iterdir()) == []


def test_something_did_not_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Status 1, what it was, also as JSON, and where everything lies that may tell why."""
    seen = flawless()
    hold(seen)
    assert drilled(seen, tmp_path, monkeypatch, "--json", "-") == 1
    said = capsys.readouterr()
    (folder,) = tmp_path.iterdir()
    assert (folder / "log").read_text() == "what happened"
    assert json.loads(said.out)["complaints"] == [
        "80.0% of the sections are fresh, fewer than 90%: the machine was too busy"
    ]
    assert "1 complaint: 80.0%" in said.err
    assert str(folder) in "".join(said.err.split())
    assert "80.0% of the sections are fresh" in said.err


def test_its_folder_can_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Status 0, and everything is there to be read."""
    assert drilled(flawless(), tmp_path, monkeypatch, "--keep") == 0
    (folder,) = tmp_path.iterdir()
    assert (folder / "log").read_text() == "what happened"
