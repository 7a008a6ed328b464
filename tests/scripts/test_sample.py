"""The sample script: one verb, figures on request, and truthful exit statuses."""

import json
from pathlib import Path

import polars as pl
import pytest

from scripts.command import main
from scripts.sample import app
from scripts.views.steps import SAMPLE

SMALL = ["--symbols", "20", "--days", "60"]


def status(arguments: list[str]) -> object:
    """The exit status of the script, whether it returns or exits."""
    try:
        return main(app, "sample", arguments)
    except SystemExit as ended:
        return ended.code


def test_it_writes_the_market_and_the_figures(tmp_path: Path) -> None:
    """The file can be read, the figures agree with it, and a second run gives the same bytes."""
    out, figures = tmp_path / "sample.parquet", tmp_path / "figures.json"
    written = set()
    for _ in range(2):
        assert status(["--out", str(out), "--json", str(figures), *SMALL]) == 0
        written.add(out.read_bytes())
    shown = json.loads(figures.read_text(encoding="utf-8"))
    assert shown == {"file": str(out), "rows": pl.read_parquet(out).height, "symbols": 20, "days": 60, "seed": 1}
    assert len(written) == 1


def test_without_a_name_it_is_the_market_of_make_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own folder is made; one that somebody names is to be there."""
    monkeypatch.chdir(tmp_path)
    assert status(SMALL) == 0
    assert (tmp_path / SAMPLE).is_file()
    assert status(["--out", "deep/sample.parquet", *SMALL]) == 2
    assert "there is no folder deep; make it first" in capsys.readouterr().err
    assert not (tmp_path / "deep").exists()


def test_figures_on_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A dash sends the JSON, and only the JSON, to standard output."""
    assert status(["--out", str(tmp_path / "s.parquet"), "--json", "-", *SMALL]) == 0
    assert json.loads(capsys.readouterr().out)["days"] == 60


def test_wrong_usage_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A market too small is refused before anything is written."""
    out = tmp_path / "s.parquet"
    assert status(["--out", str(out), "--days", "3"]) == 2
    assert "60 days" in capsys.readouterr().err
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named."""
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert status(["--out", str(tmp_path / "file" / "s.parquet"), *SMALL]) == 2
    assert "cannot be written" in capsys.readouterr().err
