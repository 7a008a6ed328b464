"""Raw values as a folder: whole or not at all, and the older one until then."""

from pathlib import Path

import numpy as np
import pytest

from common.errors import DatasetError
from common.factors.block import FactorBlock
from common.research import raw_folder
from common.research.raw import Raw
from common.research.raw_folder import drop_raw, read_raw, write_raw


def raw_of(value: float) -> Raw:
    """Two sections of one symbol, one factor."""
    marks = np.ones((2, 1), np.uint8)
    factors = FactorBlock(("A",), ("one",), np.full((1, 2, 1), value), marks, marks, marks)
    return Raw(np.arange(2), np.arange(2), factors, np.full((2, 1), np.nan))


def test_words_come_back_with_the_values(tmp_path: Path) -> None:
    """To the bit, whatever the values; without words there are none."""
    write_raw(tmp_path / "a", raw_of(-0.0), {"of": ["whom", None, 1]})
    found, words = read_raw(tmp_path / "a")
    assert words == {"of": ["whom", None, 1]}
    assert np.signbit(found.factors.values).all()
    assert np.isnan(found.label).all()
    write_raw(tmp_path / "b", raw_of(1.0))
    assert read_raw(tmp_path / "b")[1] == {}


def test_a_later_one_replaces_the_older_one(tmp_path: Path) -> None:
    """And nothing lies beside it, nor after it was dropped."""
    for value in (1.0, 2.0):
        write_raw(tmp_path / "a", raw_of(value))
    assert read_raw(tmp_path / "a")[0].factors.values[0, 0, 0] == 2.0
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    drop_raw(tmp_path / "a")
    assert list(tmp_path.iterdir()) == []


def test_the_older_one_stays_where_the_later_one_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it is written, and when it should take its place."""
    write_raw(tmp_path / "a", raw_of(1.0))

    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(raw_folder, "sync_file", full)
    with pytest.raises(OSError, match="No space"):
        write_raw(tmp_path / "a", raw_of(2.0))
    with pytest.raises(FileNotFoundError):
        raw_folder._put(tmp_path / "nowhere", tmp_path / "a")
    assert read_raw(tmp_path / "a")[0].factors.values[0, 0, 0] == 1.0
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_another_format_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With both numbers."""
    with monkeypatch.context() as patched:
        patched.setattr(raw_folder, "FORMAT", 9)
        write_raw(tmp_path / "a", raw_of(1.0))
    with pytest.raises(DatasetError, match="of format 9; this version reads 1"):
        read_raw(tmp_path / "a")
