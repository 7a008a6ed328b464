"""`verify`, `sign` and `key`."""

import errno
import os
from pathlib import Path

import pytest

from common.errors import ModelError
from common.models.bundle import Bundle
from common.models.golden import encode_array
from common.models.registry import Registry
from common.models.signature import load_key, make_key
from tests.common.models.sample_bundle import make_bundle
from tests.scripts.models.asking import answer, run
from tests.scripts.models.configuring import config_file


def test_verify_finds_what_is_damaged(two: tuple[str, str], tmp_path: Path) -> None:
    """Every version gets its verdict; one that is not good makes the exit status 1."""
    rows = answer(tmp_path, "verify", *two)
    assert [(row["version"], row["good"]) for row in rows] == [(1, True), (2, True)]
    (Path(two[1]) / "bundles" / rows[1]["digest"] / "linear.npz").write_bytes(b"")
    rows = answer(tmp_path, "verify", *two, status=1)
    assert [row["good"] for row in rows] == [True, False]
    assert "linear.npz" in rows[1]["trouble"]
    assert answer(tmp_path, "verify", "demo", "--version", "1", *two)[0]["good"]


def test_signatures_from_the_key_to_the_refusal(two: tuple[str, str], tmp_path: Path) -> None:
    """Unsigned: refused by verify, promote and import, until it is signed."""
    key = ("--key", str(tmp_path / "key"))
    made = answer(tmp_path, "key", key[1])["key"]
    assert "not signed" in answer(tmp_path, "verify", *key, *two, status=1)[0]["trouble"]
    promotion = ("promote", "demo", "--version", "1", "--instance", "own", "--why", "x", *key, *two)
    assert run("models", *promotion) == 1
    assert answer(tmp_path, "sign", "demo", "--version", "1", *key, *two)["key"] == made
    assert run("models", *promotion) == 0
    tar, other = tmp_path / "demo.tar", ("--registry", str(tmp_path / "other"))
    for version, status in (("2", 1), ("1", 0)):
        assert run("models", "export", "demo", "--version", version, "--out", str(tar), "--replace", *two) == 0
        assert run("models", "import", str(tar), *key, *other) == status
    assert answer(tmp_path, "verify", *key, *other)[0]["good"]


def test_a_training_with_a_key_is_signed(bars: Path, tmp_path: Path) -> None:
    """And is used again only as long as it is."""
    key, place = tmp_path / "key", ("--registry", str(tmp_path / "registry"))
    assert run("models", "key", str(key)) == 0
    training = ("train", str(bars), "--kind", "linear", "--key", str(key), *place)
    assert run(*training) == 0
    assert answer(tmp_path, "verify", "--key", str(key), *place)[0]["good"]
    assert run(*training) == 0
    next((tmp_path / "registry" / "bundles").glob("*.signature")).unlink()
    assert run(*training) == 1


def test_an_own_kind_is_trained_and_verified(bars: Path, tmp_path: Path) -> None:
    """Named on the command line; without the name it cannot be loaded."""
    own = ("--own-kind", "mean=tests.common.models.own_kind:MeanModel")
    place = ("--registry", str(tmp_path / "registry"))
    assert run("train", str(bars), "--kind", "mean", *own, *place) == 0
    assert answer(tmp_path, "verify", *own, *place)[0]["good"]
    assert "no model kind 'mean'" in answer(tmp_path, "verify", *place, status=1)[0]["trouble"]


def test_verify_asks_the_golden_questions_again(tmp_path: Path) -> None:
    """Every digest is right, and the answers are not those it was made with."""
    whole = make_bundle()
    wrong = encode_array(whole.golden().outputs + 1.0)
    place = ("--registry", str(tmp_path / "registry"))
    with Registry(Path(place[1]), clock=lambda: 1) as registry:
        registry.add(Bundle.make(whole.manifest, {**whole.files, "golden_outputs.npy": wrong}), author="ann")
    (row,) = answer(tmp_path, "verify", *place, status=1)
    assert "golden outputs differ" in row["trouble"]


def test_a_training_signs_with_the_configured_key(bars: Path, tmp_path: Path) -> None:
    """What it registers is what the worker of that configuration takes; an option names another key."""
    for name in ("key", "other"):
        make_key(tmp_path / name)
    config = ("--config", str(config_file(tmp_path, registry=str(tmp_path / "registry"), key=str(tmp_path / "key"))))
    assert run("train", str(bars), "--kind", "linear", *config) == 0
    assert answer(tmp_path, "verify", *config)[0]["good"]
    other = ("--key", str(tmp_path / "other"))
    assert "is signed with key" in answer(tmp_path, "verify", *config, *other, status=1)[0]["trouble"]


def test_a_signature_of_another_key_is_not_replaced_unasked(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever serves with that key would refuse the version; with the same key it is signed again."""
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    ids = [make_key(path).id for path in (ours, theirs)]
    sign = ("sign", "demo/1", *two, "--key")
    for _ in range(2):
        assert answer(tmp_path, *sign, str(ours))["key"] == ids[0]
    assert run("models", *sign, str(theirs)) == 1
    assert (
        f"demo/1 is signed with key {ids[0]}; to put {ids[1]} in its place: python -m scripts.models sign --replace"
        in capsys.readouterr().err
    )
    assert answer(tmp_path, "verify", "demo/1", "--key", str(ours), *two)[0]["good"]
    assert answer(tmp_path, *sign, str(theirs), "--replace")["key"] == ids[1]
    (row,) = answer(tmp_path, "verify", "demo/1", "--key", str(ours), *two, status=1)
    assert "sign it anew: python -m scripts.models sign --replace" in row["trouble"]


def test_a_key_that_could_not_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full: half a key would be in the way of the next try."""

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(ModelError, match=r"cannot be written \(No space left on device\): is the disk full"):
            make_key(tmp_path / "key")
    assert list(tmp_path.iterdir()) == []
    made = make_key(tmp_path / "key")
    assert load_key(tmp_path / "key") == made
