"""`export`, `import` and `remove`."""

from pathlib import Path

import pytest

from common.models.records import Serving
from common.models.registry import Registry
from tests.scripts.models.asking import answer, run


def test_a_version_travels_as_one_file(two: tuple[str, str], tmp_path: Path) -> None:
    """Into a registry that was not there, under its first number, byte for byte; again it keeps it."""
    tar, other = tmp_path / "demo.tar", ("--registry", str(tmp_path / "other"))
    sent = answer(tmp_path, "export", "demo", "--version", "2", "--out", str(tar), *two)
    for _ in range(2):
        got = answer(tmp_path, "import", str(tar), *other)
        assert (got["version"], got["digest"]) == (1, sent["digest"])
    assert answer(tmp_path, "verify", *other)[0]["good"]


def test_a_version_that_is_needed_is_not_removed(
    two: tuple[str, str], bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither what an alias means, nor where a rollback goes, nor what served last; once free, it is listed as gone."""
    assert run("train", str(bars), *two, "--kind", "linear", "-p", "alpha=0.2") == 0
    with Registry(Path(two[1]), clock=lambda: 1) as registry:
        registry.record_serving(Serving("own", b"j" * 16, "live", "champion", 5, 50, "demo", 1))
        for version, told in (("2", "own/champion means"), ("1", "what served own/champion last")):
            assert run("models", "remove", "demo", "--version", version, "--why", "x", *two) == 1
            assert told in capsys.readouterr().err
        registry.record_serving(Serving("own", b"j" * 16, "live", "champion", 6, 60, "demo", 2))
    for instance in ("sp500", "own"):
        assert run("models", "remove", "demo", "--version", "1", "--why", "x", *two) == 1
        move = ("promote", "demo", "--version", "3", "--instance", instance, "--new", "--why", "x")
        assert run("models", *move, *two) == 0
    assert "a rollback goes there" in capsys.readouterr().err
    assert answer(tmp_path, "remove", "demo/1", "--why", "x", *two)["version"] == 1
    assert [row["version"] for row in answer(tmp_path, "list", *two) if row["name"] == "demo"] == [2, 3]
    assert [row["version"] for row in answer(tmp_path, "list", "--removed", *two)] == [1]


def test_an_export_replaces_nothing_unasked(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither a file that is there, nor does it make the folder of a path that was misspelt."""
    export, tar = ("export", "demo/1", *two, "--out"), tmp_path / "demo.tar"
    tar.write_bytes(b"mine")
    assert run("models", *export, str(tar)) == 2
    assert "is there already" in capsys.readouterr().err
    assert tar.read_bytes() == b"mine"
    assert run("models", *export, str(tar), "--replace") == 0
    assert tar.read_bytes() != b"mine"
    assert run("models", *export, str(tmp_path / "nowhere" / "demo.tar")) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
