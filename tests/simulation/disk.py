"""What a death leaves on the disk, and what a power cut takes: half-written records, lost ends, damaged snapshots."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from random import Random
from unittest.mock import patch

from common.market.journal_mark import NAME, pack_mark, unpack_mark
from common.market.journal_records import HEADER_BYTES, Record, pack_record
from services.factor_engine.snapshot import SUFFIX

FOLDERS = {"bar_feed": "journal", "factor_engine": "factor_engine", "signal_cache": "signals"}
HALF_WRITTEN = b"".join(pack_record(Record(2, 1_000, bytes(range(200))), bytes(32)))


class Disk:
    """The state folder of an instance, between the death of a process and its next start."""

    def __init__(self, state: Path, dice: Random, tally: Counter[str]) -> None:
        self._state, self._dice, self._tally = state, dice, tally
        self._synced: dict[int, int] = {}  # by inode: how many bytes a power cut leaves

    @contextmanager
    def syncing(self) -> Iterator[None]:
        """Within it a sync is noted instead of done."""
        with patch.object(os, "fdatasync", self._sync):
            yield

    def _sync(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        self._synced[status.st_ino] = status.st_size

    @contextmanager
    def killing(self, name: str) -> Iterator[None]:
        """Within it a process may put things in order: nothing of that has happened afterwards."""
        content, synced = self._content(name), dict(self._synced)
        yield
        self._put_back(content)
        self._synced = synced

    def _content(self, name: str) -> dict[Path, bytes]:
        folder = self._state / FOLDERS[name] if name in FOLDERS else None
        files = [] if folder is None else [path for path in folder.rglob("*") if path.is_file()]
        return {path: path.read_bytes() for path in files}

    def _put_back(self, content: dict[Path, bytes]) -> None:
        for path, held in content.items():
            if not path.exists() or path.read_bytes() != held:
                path.write_bytes(held)

    def tear(self, name: str) -> None:
        """The process died while it wrote a record, of which the beginning is there."""
        journals = list(self._journals(name))
        if not journals:
            return
        segment = self._dice.choice(journals)
        with segment.open("ab") as file:
            file.write(HALF_WRITTEN[: self._dice.randrange(1, len(HALF_WRITTEN))])
        self._tally["record half written"] += 1

    def cut_power(self) -> None:
        """The kernel starts anew; what was not synced is gone from some byte on."""
        for name in FOLDERS:
            for segment in self._journals(name):
                status = segment.stat()
                safe = max(self._synced.get(status.st_ino, 0), HEADER_BYTES)
                if status.st_size > safe:
                    with segment.open("r+b") as file:
                        file.truncate(self._dice.randrange(safe, status.st_size + 1))
                self._boot(segment.parent / NAME)
        self._tally["power cut"] += 1

    def damage_snapshots(self) -> None:
        """Each is cut, has a bit turned, or is gone; one that was cut to nothing before can only go."""
        for path in sorted((self._state / FOLDERS["factor_engine"]).glob(f"*{SUFFIX}")):
            content = bytearray(path.read_bytes())
            how = self._dice.choice(("cut", "flipped", "gone"))
            if how == "gone" or not content:
                path.unlink()
            elif how == "cut":
                path.write_bytes(content[: self._dice.randrange(len(content))])
            else:
                content[self._dice.randrange(len(content))] ^= 1 << self._dice.randrange(8)
                path.write_bytes(content)
            self._tally["snapshot damaged"] += 1

    def _journals(self, name: str) -> Iterator[Path]:
        """The newest segment of each journal that is in use."""
        for mark in sorted((self._state / FOLDERS.get(name, "none")).rglob(NAME)):
            if "." not in mark.parent.name:  # put aside under the id of a numbering that is over
                yield from sorted(mark.parent.glob("*.journal"))[-1:]

    def _boot(self, path: Path) -> None:
        mark = unpack_mark(path.read_bytes())
        if mark is not None:
            witness = replace(mark.witness, boot=self._dice.randbytes(8).hex())
            path.write_bytes(pack_mark(replace(mark, witness=witness)))
