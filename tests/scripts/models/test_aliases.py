"""`promote` and `rollback`: who an alias means, what is verified before, what is refused."""

from pathlib import Path

import pytest

from common.models.signature import make_key
from tests.scripts.models.asking import answer, run
from tests.scripts.models.configuring import config_file


def test_a_rollback_and_its_history(two: tuple[str, str], tmp_path: Path) -> None:
    """Back to the first, with by whom and why."""
    found = answer(tmp_path, "rollback", "--instance", "own", "--why", "worse", "--by", "bob", *two)
    assert (found["name"], found["version"], found["alias"]) == ("demo", 1, "champion")
    last = answer(tmp_path, "history", "--instance", "own", *two)[-1]
    told = [last[name] for name in ("action", "from", "to", "by", "why")]
    assert told == ["rollback", "demo/2", "demo/1", "bob", "worse"]


def test_a_promotion_to_where_it_is_already_says_so(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing changes, unless it is to be tried again: then there is a row."""
    promotion = ("promote", "demo", "--version", "2", "--instance", "own", "--why", "mended", *two)
    rows = len(answer(tmp_path, "history", *two))
    assert answer(tmp_path, *promotion)["version"] == 2
    assert "own/champion is demo/2 already, nothing changed" in capsys.readouterr().err
    assert len(answer(tmp_path, "history", *two)) == rows
    assert answer(tmp_path, *promotion, "--again")["version"] == 2
    assert "own/champion is demo/2 again" in capsys.readouterr().err
    last = answer(tmp_path, "history", *two)[rows:]
    assert [(row["action"], row["from"], row["to"], row["why"]) for row in last] == [
        ("promote", "demo/2", "demo/2", "mended")
    ]


def test_a_rollback_verifies_files_and_signature(two: tuple[str, str], tmp_path: Path) -> None:
    """As a promotion does: what is not signed with the key is refused, and so is what was damaged."""
    key = tmp_path / "key"
    make_key(key)
    rollback = ("rollback", "--instance", "own", "--why", "x", *two)
    assert run("models", *rollback, "--key", str(key)) == 1
    assert run("models", "sign", "demo", "--version", "1", "--key", str(key), *two) == 0
    (row,) = (row for row in answer(tmp_path, "list", *two) if row["version"] == 1)
    weights = Path(two[1]) / "bundles" / row["digest"] / "model.txt"
    body = weights.read_bytes()
    weights.write_bytes(body[:-1])
    assert run("models", *rollback, "--key", str(key)) == 1
    weights.write_bytes(body)
    assert answer(tmp_path, *rollback, "--key", str(key))["version"] == 1


def test_a_configuration_names_instance_registry_and_key(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What its worker would refuse is refused here: a version without its signature; another instance is a mistake."""
    key = tmp_path / "key"
    make_key(key)
    config = ("--config", str(config_file(tmp_path, instance="own", registry=two[1], key=str(key))))
    promotion = ("promote", "demo", "--version", "1", "--why", "x", *config)
    assert run("models", *promotion) == 1
    assert "is not signed" in capsys.readouterr().err
    assert run("models", "sign", "demo", "--version", "1", *config) == 0
    found = answer(tmp_path, *promotion)
    assert (found["instance"], found["version"]) == ("own", 1)
    assert run("models", *promotion, "--instance", "other") == 2
    assert "is of instance 'own', and --instance says 'other'" in capsys.readouterr().err


def test_a_promotion_asks_for_a_kind_that_the_worker_knows(
    bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model of one's own kind, and a configuration that does not name it."""
    place = str(tmp_path / "registry")
    known = config_file(tmp_path / "with", registry=place, kinds=["mean=tests.common.models.own_kind:MeanModel"])
    plain = config_file(tmp_path / "without", registry=place)
    assert run("train", str(bars), "--kind", "mean", "--config", str(known)) == 0
    promotion = ("promote", "demo", "--why", "x")
    assert run("models", *promotion, "--config", str(plain)) == 1
    assert "there is no model kind 'mean'" in capsys.readouterr().err
    assert answer(tmp_path, *promotion, "--config", str(known))["instance"] == "test"
    assert answer(tmp_path, "verify", "--config", str(known))[0]["good"]
