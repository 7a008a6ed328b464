"""What the journal tests share: small journals, a disk that forgets what was not synced, photographs between steps."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from common.market.journal import Journal
from common.market.journal_mark import Witness
from common.market.journal_records import Record

ID = bytes(range(16))
SMALL = [Record(1, 7, b"due"), Record(2, 7, b""), Record(3, 8, b"\x00\xff" * 5)]
STEPS = ("writev", "pwrite", "fsync", "fdatasync", "ftruncate", "truncate", "replace", "unlink")


def here(_mark: Path) -> Witness:
    """The same machine, never switched off, and the same file though it was copied by a test."""
    return Witness("boot", 1)


def after_a_power_cut(_mark: Path) -> Witness:
    """The same file, on a machine that was switched off since."""
    return Witness("another boot", 1)


def fill(folder: Path, records: list[Record], segment_bytes: int = 1 << 20, **more: Any) -> Journal:
    """An open journal that holds the records."""
    options: dict[str, Any] = {"sync": "never", "make_id": lambda: ID, "look": here, **more}
    journal = Journal.open(folder, segment_bytes=segment_bytes, **options)
    for record in records:
        journal.append(record.kind, record.bar, record.payload)
    return journal


def failure(code: int) -> Callable[[], object]:
    """A function that fails like the operating system does."""

    def fail() -> object:
        raise OSError(code, os.strerror(code))

    return fail


class Disk:
    """Watches syncs: which segments had one, what would survive a power cut; fails when told to."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.segments_synced = 0
        self.fault: Callable[[], object] = lambda: None
        self._contents: dict[int, bytes] = {}
        self._names: dict[Path, dict[str, int]] = {}
        for name in ("fsync", "fdatasync"):
            patch.setattr(os, name, self._sync)

    def adopt(self, folder: Path) -> None:
        """Take what stands in a folder for what is on the disk."""
        self._names[folder] = {each.name: each.stat().st_ino for each in folder.iterdir()}
        self._contents |= {each.stat().st_ino: each.read_bytes() for each in folder.iterdir()}

    def survive(self, folder: Path, target: Path, *, unsynced: int | None = 0) -> Path:
        """The folder after a power cut, as `target`; of a file's unsynced bytes the first `unsynced` were lucky."""
        target.mkdir()
        for name, inode in self._names[folder].items():
            synced = self._contents.get(inode, b"")
            path = folder / name
            now = path.read_bytes() if path.exists() and path.stat().st_ino == inode else synced
            lucky = now[len(synced) :][:unsynced] if now.startswith(synced) else b""
            (target / name).write_bytes(synced + lucky)
        return target

    def _sync(self, descriptor: int) -> None:
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        self.segments_synced += path.suffix == ".journal"
        self.fault()
        if path.is_dir():
            self._names[path] = {each.name: each.stat().st_ino for each in path.iterdir()}
        else:
            self._contents[path.stat().st_ino] = path.read_bytes()


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """The disk under the journal, watched."""
    return Disk(monkeypatch)


@contextmanager
def photographed(folder: Path, album: Path, disk: Disk | None = None) -> Iterator[list[Path]]:
    """Within it, a copy of the folder before every step that changes something: what SIGKILL there would leave.

    With a disk: what a power cut there would leave.
    """
    shots: list[Path] = []

    def shoot() -> None:
        shots.append(album / f"{len(shots):04d}")
        if disk is None:
            shutil.copytree(folder, shots[-1])
        else:
            disk.survive(folder, shots[-1])

    def slowly(step: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **options: Any) -> Any:
            shoot()
            return step(*arguments, **options)

        return stepped

    album.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for name in STEPS:
            patch.setattr(os, name, slowly(getattr(os, name)))
        yield shots
    shoot()


# A journal of format 1: the first two records of SMALL.
GOLDEN = (
    "414c50484a524e4c01000000000102030405060708090a0b0c0d0e0f0000000000000000000000000000000000000000"
    "0000000000000000000000005affec6b4a42524303000000010700000000000000946ee8b4647565f7ef3ea816331516"
    "cca7f3c8ecdde08274c9aa57b0c5fece56eceddbfcd08ae14a425243000000000207000000000000009f3eaf30836c45"
    "0444efbf2f6dc259279b16877405cd02acca6775e5666bad123004c5ca"
)
