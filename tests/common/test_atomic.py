"""Replacing a file: the old one or the new one, never a mixture."""

import errno
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from common.atomic import replacing
from common.room import OF_DISK


def test_the_new_content_takes_the_place(tmp_path: Path) -> None:
    """A block that ends well replaces the file and leaves nothing else behind."""
    target = tmp_path / "deep" / "file"
    for content in (b"old", b"new"):
        with replacing(target) as temporary:
            temporary.write_bytes(content)
    assert target.read_bytes() == b"new"
    assert list(target.parent.iterdir()) == [target]


def test_a_failure_leaves_the_old_content(tmp_path: Path) -> None:
    """A block that fails half way leaves the old file and no temporary one."""
    target = tmp_path / "file"
    target.write_bytes(b"old")
    with suppress(RuntimeError), replacing(target) as temporary:
        temporary.write_bytes(b"ne")
        raise RuntimeError("half way")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_threads_that_replace_one_file_at_once_do_not_meet(tmp_path: Path) -> None:
    """Each writes a temporary file of its own, and what is there in the end is one of them, whole."""
    target = tmp_path / "file"
    with replacing(target) as one, replacing(target) as other:
        assert one != other
        one.write_bytes(b"one")
        other.write_bytes(b"other")
    assert target.read_bytes() == b"one"
    assert list(tmp_path.iterdir()) == [target]


def test_a_write_that_finds_no_space_says_of_what(tmp_path: Path) -> None:
    """The system names a file when it is opened only."""

    def write() -> None:
        with replacing(tmp_path / "config.toml"):
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match=f"No space left on device: '{tmp_path}/config.toml'"):
        write()
    assert list(tmp_path.iterdir()) == []


def test_a_table_that_finds_no_space_says_so_as_the_system_does(tmp_path: Path) -> None:
    """The table library has its own error for it; who waits for space, or asks for some, knows that of the system."""
    frame = pl.DataFrame({"a": range(100_000)})
    full, place = Path("/dev/full"), tmp_path / "a.parquet"
    with pytest.raises(OSError, match="No space left on device") as refused, replacing(place):
        frame.write_parquet(full)
    assert (refused.value.errno, refused.value.filename) == (errno.ENOSPC, str(place))
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_full_disk_is_told_as_it_is(tmp_path: Path) -> None:
    """Such as another file that is read meanwhile, and is not there."""
    with pytest.raises(FileNotFoundError, match=r"none\.parquet"), replacing(tmp_path / "a"):
        pl.scan_parquet(tmp_path / "none.parquet").collect()


@pytest.mark.parametrize("error", [ValueError("row 7 (os error 28)"), RuntimeError("said (os error 28) itself")])
def test_a_text_alone_makes_no_full_disk(tmp_path: Path, error: Exception) -> None:
    """Only the table library's errors have the system's number in their text; any other stays what it is."""
    with pytest.raises(type(error)) as raised, replacing(tmp_path / "a"):
        raise error
    assert raised.value is error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", sorted({*OF_DISK, errno.ECONNRESET, errno.EACCES, errno.EMFILE}))
def test_only_what_a_disk_refuses_is_told_of_the_file(tmp_path: Path, number: int) -> None:
    """A connection that ends within the block has nothing to do with it."""
    target, error = tmp_path / "a", OSError(number, "refused")
    with pytest.raises(OSError, match="refused") as raised, replacing(target):
        raise error
    assert raised.value is error
    assert raised.value.filename == (str(target) if number in OF_DISK else None)
