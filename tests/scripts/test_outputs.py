"""Files a command writes: never one it reads, by whatever name; and what cannot be written is said before the work."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from common.errors import NoRoomError
from scripts import outputs
from scripts.command import usage
from scripts.outputs import check_cleared, check_folder, check_outputs, check_writable, writing


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """A file that is read."""
    path = tmp_path / "bars.parquet"
    path.write_text("bars", encoding="utf-8")
    return path


def _refused(out: Path | None, read: Path | str | None, told: str) -> None:
    with pytest.raises(typer.BadParameter, match=told) as refused:
        check_outputs({"--out": out}, {"--bars": read})
    assert refused.value.param_hint == "--out"


def test_what_is_read_is_not_written(bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its own name, by another, and through links of either kind, from either side."""
    soft, hard, folder = tmp_path / "soft.parquet", tmp_path / "hard.parquet", tmp_path / "folder"
    soft.symlink_to(bars)
    hard.hardlink_to(bars)
    folder.symlink_to(tmp_path)
    monkeypatch.chdir(tmp_path)
    told = "is what --bars names, and would be replaced"
    for other in (bars, soft, hard, folder / bars.name, Path("bars.parquet"), tmp_path / "." / bars.name):
        _refused(other, bars, told)
        _refused(bars, str(other), told)


def test_what_lies_in_a_folder_that_is_read_is_not_replaced(bars: Path) -> None:
    """A new file may lie there."""
    _refused(bars, bars.parent, "is what --bars names")
    check_outputs({"--out": bars.with_name("new.parquet")}, {"--bars": bars.parent})


def test_one_file_is_not_written_twice(tmp_path: Path) -> None:
    """Neither of the two is there yet."""
    (tmp_path / "b").mkdir()
    with pytest.raises(typer.BadParameter, match="is what --out names"):
        check_outputs({"--out": tmp_path / "a", "--json": tmp_path / "b" / ".." / "a"}, {})


def test_what_is_read_is_not_removed_with_old_results(bars: Path) -> None:
    """Neither as a result itself nor within a folder of them; beside them it may lie."""
    folder = bars.parent
    for places in ((bars,), (folder / "other", folder)):
        with pytest.raises(typer.BadParameter, match="which --bars names, lies where"):
            check_cleared("--out", places, {"--members": None, "--bars": bars})
    check_cleared("--out", (folder / "state",), {"--bars": bars})


def test_other_files_standard_output_and_nothing_pass(bars: Path, tmp_path: Path) -> None:
    """Nothing is left behind, neither a file nor a folder."""
    writes = {"--out": tmp_path / "new.parquet", "--json": Path("-"), "--plot": None}
    check_outputs(writes, {"--bars": bars, "--members": None, "--set": "basic"})
    assert list(tmp_path.iterdir()) == [bars]


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (".", "is a folder"),
        ("bars.parquet/x", "cannot be written: Not a directory"),
        ("/proc/x.parquet", "cannot be written"),
        ("deep/er/x.parquet", "cannot be written: there is no folder .*/deep/er; make it first, or name another file"),
        ("/dev/null", "is no plain file"),
        ("x" * 300, "cannot be written: File name too long"),
    ],
)
def test_what_cannot_be_written_is_refused(bars: Path, place: str, told: str) -> None:
    """Before anything is done."""
    with pytest.raises(typer.BadParameter, match=told):
        check_writable(bars.parent / place, "--out")


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, NoRoomError), (errno.EDQUOT, NoRoomError), (errno.EROFS, typer.BadParameter)]
)
def test_what_the_system_refuses_later_is_one_line(tmp_path: Path, number: int, kind: type[Exception]) -> None:
    """A disk that is full in the end has a status of its own, also where dates of the command are being checked."""
    with pytest.raises(kind, match=f"/a cannot be written: {os.strerror(number)}") as refused:
        _write(tmp_path / "a", OSError(number, os.strerror(number)))
    assert ("make space" in str(refused.value)) == (kind is NoRoomError)
    assert getattr(refused.value, "param_hint", "--out") == "--out"


def _write(path: Path, error: OSError) -> None:
    with usage("--start"), writing(path, "--out"):
        raise error


@pytest.mark.parametrize("check", [check_writable, check_folder])
def test_a_disk_that_is_full_beforehand_is_no_wrong_usage(
    check: Callable[[Path, str], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file or a folder: the same command may do later."""

    def full(**_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(outputs, "TemporaryFile", full)
    with pytest.raises(NoRoomError, match="No space left on device; make space, then give the command again"):
        check(tmp_path / "a", "--out")


def test_a_folder_that_cannot_be_is_refused(bars: Path, tmp_path: Path) -> None:
    """A file, what would lie in one, and a place where nothing can be written; what is refused leaves nothing."""
    for path, told in (
        (bars, "bars.parquet is no folder"),
        (bars / "deeper", "cannot be made: .*bars.parquet is no folder"),
        (Path("/proc/nope"), "/proc/nope cannot be written"),
    ):
        with pytest.raises(typer.BadParameter, match=told) as refused:
            check_folder(path, "--cache")
        assert refused.value.param_hint == "--cache"
    for path in (tmp_path, tmp_path / "a" / "b"):
        check_folder(path, "--cache")
    assert list(tmp_path.iterdir()) == [bars]
