"""`retire`: an instance gives up an alias or all, unless it runs and needs it; what they meant is free."""

from pathlib import Path

import pytest

from common.lock import Lock
from common.models.records import Event
from common.models.registry import Registry
from tests.scripts.listener import listening
from tests.scripts.models.asking import answer, run
from tests.scripts.models.configuring import config_file
from tests.scripts.models.test_outlook import MET, run_dir

__all__ = ["run_dir"]

RETIREMENT = ("retire", "own", "--why", "closed")


@pytest.mark.usefixtures("run_dir")
def test_what_an_instance_needed_can_be_removed(two: tuple[str, str], tmp_path: Path) -> None:
    """Its aliases are gone, each with a row of history; a second time there is nothing to give up."""
    assert run("models", "remove", "demo", "--version", "2", "--why", "x", *two) == 1
    assert answer(tmp_path, *RETIREMENT, "--by", "bob", *two) == {"instance": "own", "aliases": {"champion": "demo/2"}}
    last = answer(tmp_path, "history", "--instance", "own", *two)[-1]
    told = [last[name] for name in ("action", "from", "to", "by", "why")]
    assert told == ["retire", "demo/2", None, "bob", "closed"]
    for version in ("1", "2"):
        assert run("models", "remove", "demo", "--version", version, "--why", "x", *two) == 0
    assert run("models", *RETIREMENT, *two) == 1


def test_an_instance_that_runs_is_not_retired(
    two: tuple[str, str], run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither one that listens, nor one that is just starting and has its locks; its aliases stay."""
    with listening(run_dir / MET):
        assert run("models", *RETIREMENT, *two) == 1
    assert "instance 'own' runs: stop it first" in capsys.readouterr().err
    with Lock(run_dir / "own" / "bar_feed.lock"):
        assert run("models", *RETIREMENT, *two) == 1
    assert "bar_feed.lock is held by pid" in capsys.readouterr().err
    assert [row["aliases"] for row in answer(tmp_path, "list", *two)] == [[], ["own/champion"]]


def test_an_alias_that_no_arm_has_goes_while_the_instance_runs(
    two: tuple[str, str], run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that was misspelt, say; neither the last, nor one that an arm was started with."""
    typo = ("promote", "demo", "--version", "1", "--instance", "own", "--alias", "champoin", "--new", "--why", "x")
    assert run("models", *typo, *two) == 0
    drop = ("retire", "own", "--why", "misspelt", *two, "--alias")
    with listening(run_dir / MET):
        assert run("models", *drop, "champion2") == 1
        assert "did you mean 'champion'" in capsys.readouterr().err
        assert answer(tmp_path, *drop, "champoin") == {"instance": "own", "aliases": {"champoin": "demo/1"}}
        assert run("models", *drop, "champion") == 1
        assert run("models", *typo, *two) == 0
        with Registry(Path(two[1]), clock=lambda: 9) as models:
            models.record(Event("start", "own", "champoin", "second", None, ("demo", 1)), by="worker", why="")
        assert run("models", *drop, "champoin") == 1
        assert "instance 'own' runs: stop it first" in capsys.readouterr().err
    last = answer(tmp_path, "history", "--instance", "own", "--alias", "champoin", *two)
    assert [row["action"] for row in last] == ["promote", "retire", "promote", "start"]


@pytest.mark.usefixtures("run_dir")
def test_an_instance_is_named_by_itself_or_by_its_configuration(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One that has no aliases is refused with the closest that has."""
    assert run("models", "retire", "--why", "x", *two) == 2
    assert run("models", "retire", "onw", "--why", "x", *two) == 1
    assert "did you mean 'own'" in capsys.readouterr().err
    config = config_file(tmp_path, instance="own", registry=two[1])
    assert answer(tmp_path, "retire", "--why", "x", "--config", str(config))["instance"] == "own"


def test_a_history_of_nobody_names_who_was_meant(two: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Wrong usage, not an empty table."""
    assert run("models", "history", "--instance", "onw", *two) == 2
    assert "did you mean 'own'" in capsys.readouterr().err
    assert run("models", "history", "--instance", "own", "--alias", "champoin", *two) == 2
    assert "did you mean 'champion'" in capsys.readouterr().err
