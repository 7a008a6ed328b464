"""The exporter of a lab's data, on shelves as Python writes them: no vnpy is needed to read them."""

import json
import shelve
import sys
from pathlib import Path

import pytest

from exporters.vnpy_lab import main


def run(lab: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Exit status."""
    monkeypatch.setattr(sys, "argv", ["vnpy_lab.py", str(lab)])
    return main()


def make_index(lab: Path, name: str, lists: dict[str, list[str]]) -> None:
    """A shelve, as vnpy writes it."""
    with shelve.open(str(lab / "component" / name)) as members:  # noqa: S301  made by this test
        members.update(lists)


def test_every_index_becomes_lists_by_date(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order of time, whatever files the shelve is made of."""
    (tmp_path / "component").mkdir()
    make_index(tmp_path, "000300.SSE", {"2024-01-03": ["B.SSE"], "2024-01-02": ["A.SSE", "B.SSE"]})
    assert run(tmp_path, monkeypatch) == 0
    found = json.loads((tmp_path / "export" / "component" / "000300.SSE.json").read_text(encoding="utf-8"))
    assert list(found.items()) == [("2024-01-02", ["A.SSE", "B.SSE"]), ("2024-01-03", ["B.SSE"])]


def test_one_that_cannot_be_opened_is_named_and_the_others_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 1."""
    (tmp_path / "component").mkdir()
    (tmp_path / "component" / "000016.SSE.db").write_bytes(b"no shelve")
    make_index(tmp_path, "000300.SSE", {"2024-01-02": ["A.SSE"]})
    assert run(tmp_path, monkeypatch) == 1
    assert "000016.SSE cannot be opened" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "export" / "component").iterdir()] == ["000300.SSE.json"]


def test_a_folder_that_is_no_lab_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit status 2, and nothing is made."""
    assert run(tmp_path, monkeypatch) == 2
    assert "has no folder `component`" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
