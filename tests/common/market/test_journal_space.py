"""A disk that is really full: one MB of memory mounted as a file system, which needs root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import JournalError
from common.market.journal import Journal, Sync
from common.market.journal_records import Record
from tests.common.market.journals import fill, here

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system: not run")

BALLAST_BYTES = 600_000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one MB, half of it taken."""
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", str(disk)], check=True)
    (disk / "ballast").write_bytes(bytes(BALLAST_BYTES))
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


@pytest.mark.parametrize("policy", Sync)
@pytest.mark.parametrize("segment_bytes", [1 << 20, 50_000], ids=["one segment", "several"])
def test_a_full_disk_is_said_and_survived(small_disk: Path, policy: Sync, segment_bytes: int) -> None:
    """What does not fit is refused whole; once there is space it goes on; nothing that was taken is lost."""
    journal = fill(small_disk / "journal", [], segment_bytes, sync=policy)
    taken, refused = list[Record](), list[str]()
    for bar in range(200):
        record = Record(1, bar, os.urandom(7001))
        try:
            journal.append(record.kind, record.bar, record.payload)
            taken.append(record)
        except JournalError as error:
            refused.append(str(error))
        if len(refused) == 3:
            (small_disk / "ballast").unlink(missing_ok=True)
    assert len(refused) > 3
    assert all("No space left on device" in text or "is the disk full" in text for text in refused)
    assert all("nothing was recorded" in text for text in refused)
    assert len(taken) > (1 << 20) // 7100 - 20
    assert list(journal.read()) == taken
    journal.close()
    with Journal.open(small_disk / "journal", look=here) as again:  # still full
        assert (list(again.read()), again.cut, again.renewed) == (taken, None, None)


def test_a_killed_writer_comes_back_on_a_full_disk(small_disk: Path) -> None:
    """Reading and answering need no space."""
    records = [Record(1, bar, b"x" * 100) for bar in range(10)]
    fill(small_disk / "journal", records)
    with (small_disk / "ballast").open("ab") as file, pytest.raises(OSError, match="No space"):
        file.write(bytes(1 << 20))
    with Journal.open(small_disk / "journal", look=here) as again:
        assert (list(again.read()), again.renewed) == (records, None)
        with pytest.raises(JournalError, match="nothing was recorded"):
            again.append(1, 10, bytes(10_000))
