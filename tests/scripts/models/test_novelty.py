"""A promotion to a name that nobody has used: refused as misspelt, unless it is said to be new."""

import shutil
from pathlib import Path

import pytest

from tests.scripts.models.asking import answer, run
from tests.scripts.models.configuring import config_file

PROMOTION = ("promote", "demo", "--version", "1", "--why", "x")

MISSPELT = {
    "an alias": (("--instance", "own", "--alias", "champoin"), "instance 'own' has no alias 'champoin'", "'champion'"),
    "an instance": (("--instance", "onw"), "no alias of instance 'onw' is on record", "'own'"),
}


@pytest.mark.parametrize("what", MISSPELT)
def test_a_name_that_is_new_has_to_be_called_so(
    what: str, two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Refused with the closest one and nothing changed; called new it is made, and told so; then it is none."""
    options, told, close = MISSPELT[what]
    rows = len(answer(tmp_path, "history", *two))
    assert run("models", *PROMOTION, *options, *two) == 2
    error = " ".join(capsys.readouterr().err.split())
    assert told in error
    assert f"a new one takes --new; did you mean {close}?" in error
    assert len(answer(tmp_path, "history", *two)) == rows
    assert run("models", *PROMOTION, *options, "--new", *two) == 0
    assert f"is now demo/1 (a new {what.split()[1]})" in capsys.readouterr().err
    assert run("models", *PROMOTION, *options, *two) == 0


def test_the_first_alias_of_a_registry_is_taken_for_no_other(
    registry: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is nothing it could be meant for; it is told that it is new."""
    place = shutil.copytree(registry, tmp_path / "registry")
    assert run("models", *PROMOTION, "--instance", "first", "--registry", str(place)) == 0
    assert "first/champion is now demo/1 (a new instance)" in capsys.readouterr().err


def test_a_configuration_vouches_for_the_aliases_of_its_arms(two: tuple[str, str], tmp_path: Path) -> None:
    """Its instance, and what its arms have, are no misspelling; another alias may be one."""
    arms = {"night": {"alias": "nightly", "capital": 1.0}}
    config = ("--config", str(config_file(tmp_path, instance="other", registry=two[1], arms=arms)))
    assert run("models", *PROMOTION, *config) == 2
    assert answer(tmp_path, *PROMOTION, *config, "--alias", "nightly")["alias"] == "nightly"
    assert run("models", *PROMOTION, *config, "--alias", "nihgtly") == 2
