"""Lines to a disk that is full at times: no line ends whoever writes it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from common.launch import SPILLED_CHARACTERS, Spill
from common.lines import Lines, append_line


class Disk:
    """Has space for so many bytes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, space: int) -> None:
        self.space, self._really = space, os.write
        monkeypatch.setattr(os, "write", self.write)

    def write(self, file: int, data: bytes) -> int:
        """As the kernel does: as much as fits, and an error where nothing does."""
        if not self.space:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self._really(file, data[: self.space])
        self.space -= written
        return written


@pytest.mark.parametrize("space", range(len("first\nsecond\n") + 1))
def test_what_does_not_fit_is_lost_and_what_follows_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, space: int
) -> None:
    """A line that was torn is none of those after it."""
    file, lost = os.open(tmp_path / "log", os.O_WRONLY | os.O_CREAT), list[str]()
    lines, disk = Lines(file, lost.append), Disk(monkeypatch, space)
    for line in ("first\n", "second\n"):
        lines.write(line)
    disk.space = 1000
    lines.write("third\n")
    lines.close()
    written = (tmp_path / "log").read_text(encoding="ascii").splitlines()
    assert written[-1] == "third"
    assert set(written) >= {"first", "second", "third"} - {line.strip() for line in lost}
    assert ("first\n" in lost) == (space < len("first\n"))
    assert ("second\n" in lost) == (space < len("first\nsecond\n"))


def test_what_standard_output_did_not_take_is_kept_up_to_a_limit(tmp_path: Path) -> None:
    """The first of it says why everything stops; a process that chatters on does not fill memory."""
    file = os.open(tmp_path / "spill", os.O_WRONLY | os.O_CREAT)
    spill = Spill(file)
    for number in range(SPILLED_CHARACTERS):
        spill(f"line {number}\n")
    os.close(file)
    kept = (tmp_path / "spill").read_text(encoding="ascii")
    assert kept.startswith("line 0\nline 1\n")
    assert len(kept) == SPILLED_CHARACTERS


def test_a_row_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    """False where it was not; /dev/full is a disk without space."""
    assert append_line(tmp_path / "new" / "rows.jsonl", {"bar": 1, "why": "late"})
    assert (tmp_path / "new" / "rows.jsonl").read_text(encoding="ascii") == '{"bar": 1, "why": "late"}\n'
    assert not append_line(Path("/dev/full"), {"bar": 2})
    assert not append_line(tmp_path / "new" / "rows.jsonl" / "below", {"bar": 3})
