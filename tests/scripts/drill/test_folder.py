"""Where an exercise writes: gone when all went well or it was interrupted, kept and named when it was not."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from common.errors import PipelineError
from scripts.drill.folder import kept_on_failure


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What people are told; the folder lies in a folder of the test's."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return []


def test_it_is_gone_when_all_went_well(said: list[str], tmp_path: Path) -> None:
    """With all that is in it, and nothing is said."""
    with kept_on_failure(said.append) as folder:
        (folder / "log").write_text("fine")
    assert (said, list(tmp_path.iterdir())) == ([], [])


def test_it_stays_when_it_is_wanted(said: list[str], tmp_path: Path) -> None:
    """Named, though all went well."""
    with kept_on_failure(said.append, always=True) as folder:
        (folder / "log").write_text("fine")
    assert list(tmp_path.iterdir()) == [folder]
    assert str(folder) in said[0]


def test_it_stays_when_something_did_not_hold(said: list[str], tmp_path: Path) -> None:
    """Named, with what was in it; the error goes on."""
    with pytest.raises(PipelineError), kept_on_failure(said.append) as folder:
        fail(folder)
    assert list(tmp_path.iterdir()) == [folder]
    assert (folder / "log").read_text() == "bad"
    assert str(folder) in said[0]


def fail(folder: Path) -> None:
    """Write, and fail."""
    (folder / "log").write_text("bad")
    raise PipelineError("it did not hold")


def test_an_interruption_leaves_nothing(said: list[str], tmp_path: Path) -> None:
    """Nobody asked for more."""
    with pytest.raises(KeyboardInterrupt), kept_on_failure(said.append):
        raise KeyboardInterrupt
    assert (said, list(tmp_path.iterdir())) == ([], [])
