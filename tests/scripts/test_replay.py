"""`python -m scripts.replay`: what it says of a run, and of one that cannot be."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from rich.console import Console

from common.market.sample import sample_market
from common.replay.follow import Progress
from common.replay.preparation import Wish
from common.replay.split import Split
from scripts import replay, up
from scripts.command import console, main
from scripts.views.replay import progress, tell

SCRIPTS = {"replay": replay.app, "up": up.app}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands are run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(name: str, *arguments: str) -> int:
    """Exit status of a command run in this process."""
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(SCRIPTS[name], name, list(arguments)))
    return int(ended.value.code or 0)


def figures(**changes: Any) -> dict[str, Any]:
    """The figures of a small run."""
    skill = {"mean": 0.05, "std": 0.1, "t": 2.5, "count": 30}
    return {
        "sections": {"history": 10, "replayed": 5, "missing": []}, "signals": {"fresh": 5}, "rejected": {},
        "latency_ms": {}, "processes": {}, "digest": "d" * 64, "trouble": "", "rank_ic": skill,
    } | changes  # fmt: skip


def told(**changes: Any) -> str:
    """What people read of such a run."""
    people = Console(file=io.StringIO(), width=200)
    tell(figures(**changes), Path("out"), people)
    assert isinstance(people.file, io.StringIO)
    return people.file.getvalue()


def test_who_waits_for_space_is_told() -> None:
    """In lines that stay, each once, also where no bar is drawn."""
    people = Console(file=io.StringIO(), width=200)
    with progress(cast("Any", SimpleNamespace(split=Split(0, 1, 9))), people) as show:
        for full in ((), ("bar_feed",), ("bar_feed",), ()):
            show(Progress(3, 1, full=full))
    assert isinstance(people.file, io.StringIO)
    assert people.file.getvalue().split("\n")[:2] == [
        "bar_feed: the disk is full, it waits for space",
        "bar_feed: there is space again",
    ]


@pytest.mark.parametrize(
    ("skill", "words"),
    [
        ({"mean": 0.05, "t": 2.5, "count": 30}, "+0.0500, t 2.5 over 30 sections"),
        ({"mean": 0.05, "t": None, "count": 1}, "+0.0500, t unknown over 1 section"),
        ({"mean": None, "t": None, "count": 0}, "none: in no section do three symbols have both a computed signal"),
    ],
)
def test_the_rank_ic_is_never_left_out(skill: dict[str, Any], words: str) -> None:
    """Where there is none it says why."""
    assert words in told(rank_ic=skill)


def test_a_summary_in_a_file_is_not_folded(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line stays a line, however narrow the terminal would be."""
    monkeypatch.setenv("COLUMNS", "40")
    sample_market(symbols=24, days=120).write_parquet(folder / "short.parquet")
    assert run("replay", "--bars", "short.parquet") == 2
    assert any(line.endswith("80 are history, 40 are replayed") for line in capsys.readouterr().err.splitlines())


def test_a_run_that_cannot_train_keeps_the_refused_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They may be the reason; the results of an earlier run are left alone."""
    sample_market(symbols=24, days=120).write_parquet(folder / "short.parquet")
    assert run("replay", "--bars", "short.parquet", "--out", "out") == 2
    assert "error: short.parquet: there are no complete rows to train on" in capsys.readouterr().err
    assert "conflict" in (folder / "out" / "quarantine.jsonl").read_text(encoding="utf-8")
    (folder / "old").mkdir()
    for name in (".lock", "summary.json", "quarantine.jsonl"):
        (folder / "old" / name).write_text("earlier", encoding="utf-8")
    assert run("replay", "--bars", "short.parquet", "--out", "old") == 2
    assert (folder / "old" / "quarantine.jsonl").read_text(encoding="utf-8") == "earlier"


@pytest.mark.parametrize(("days", "warnings"), [(320, 1), (420, 0)])
def test_few_rows_to_learn_from_are_warned_of(
    days: int, warnings: int, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As training by itself warns of them."""
    sample_market(symbols=24, days=420).head(24 * days).write_parquet(folder / "bars.parquet")
    wish = Wish(folder / "bars.parquet", folder / "out", instance="few-rows", registry=folder / "registry")
    replay.train_for(wish, console())
    said = " ".join(capsys.readouterr().err.split())
    assert said.count("a feature; below 15 a model fits mostly noise") == warnings


def test_a_run_that_is_refused_leaves_no_folder(folder: Path) -> None:
    """A file that cannot be read is no reason for a folder of results."""
    for name in SCRIPTS:
        assert run(name, "--bars", "none.parquet", "--out", "out") == 2
    assert not (folder / "out").exists()


@pytest.mark.parametrize("name", SCRIPTS)
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--pace", "-1"), "--pace (PACE=): -1 is not above 0"),
        (("--pace", "0"), "--pace (PACE=): 0 is not above 0"),
        (("--pace", "nan"), "--pace (PACE=): nan is not above 0"),
        (("--out", "taken"), "--out (OUT=): OUT=taken holds files that no replay wrote"),
    ],
)
def test_wrong_usage_names_option_and_variable(
    name: str, arguments: tuple[str, ...], words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever uses make knows the variable, whoever uses the script the option."""
    (folder / "taken").mkdir()
    (folder / "taken" / "thesis.txt").write_text("x", encoding="utf-8")
    assert run(name, "--bars", "none.parquet", *arguments) == 2
    assert words in " ".join(capsys.readouterr().err.replace("│", " ").split())
