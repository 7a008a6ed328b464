"""What a path without guarantees has of a disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scripts.bench.bus_bare_disk import Disk, NoDisk


def test_a_disk_has_all_of_it_when_it_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One sync a section, behind everything that was written of it."""
    path, synced = tmp_path / "state" / "feed.bytes", list[bytes]()
    monkeypatch.setattr(os, "fdatasync", lambda _: synced.append(path.read_bytes()))
    disk = Disk(path)
    disk.keep([b"head", memoryview(b"body")])
    disk.keep([b"next"])
    disk.close()
    assert synced == [b"headbody", b"headbodynext"]


def test_no_disk_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor does it sync."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delattr(os, "fdatasync")
    disk = NoDisk()
    disk.keep([b"head"])
    disk.close()
    assert list(tmp_path.iterdir()) == []
