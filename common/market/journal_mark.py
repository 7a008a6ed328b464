"""The mark beside the segments: who writes, and how the journal was left.

From it the next writer knows whether a number could be issued twice. It is one file of a fixed size, written in place,
so that it needs no space on a full disk; a torn one is found by its checksum and taken for "not known".
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from zlib import crc32

from common.atomic import sync_folder
from common.errors import JournalError, LockError

NAME = "journal.mark"
FORMAT = 1
MARK_BYTES = 512
_CRC_DIGITS = 8
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class State(StrEnum):
    """How a journal was left."""

    OPEN = "open"  # a writer has it, or died
    CLOSED = "closed"  # nothing follows `chain`
    TRUNCATING = "truncating"  # what is after `after_bar` is being taken off


@dataclass(frozen=True, slots=True)
class Witness:
    """What tells a restart from a power cut, and a journal from its copy: the kernel's start, the mark's inode."""

    boot: str
    file: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What was written, by whom, and where.

    `exposed`: records may be passed on before they are on disk; `synced`: everything up to `chain` is there.
    """

    state: State
    id: bytes
    chain: bytes
    witness: Witness
    pid: int
    exposed: bool = False
    synced: bool = True
    after_bar: int | None = None


def look_around(mark: Path) -> Witness:
    """Where a mark is, and since when the kernel runs; without an answer every restart counts as a power cut."""
    try:
        boot = _BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        boot = os.urandom(16).hex()
    return Witness(boot, mark.stat().st_ino if mark.exists() else 0)


def pack_mark(mark: Mark) -> bytes:
    """A line of JSON, padded, and its CRC-32."""
    values = {
        "format": FORMAT, "state": mark.state, "id": mark.id.hex(), "chain": mark.chain.hex(), "exposed": mark.exposed,
        "synced": mark.synced, "boot": mark.witness.boot, "file": mark.witness.file, "pid": mark.pid,
        "after_bar": mark.after_bar,
    }  # fmt: skip
    text = json.dumps(values).encode("ascii").ljust(MARK_BYTES - _CRC_DIGITS - 1)
    return text + f"{crc32(text):08x}\n".encode("ascii")


def unpack_mark(data: bytes) -> Mark | None:
    """The mark; None when it is torn, flipped or not there. JournalError when a newer version wrote it."""
    text, rest = data[: -_CRC_DIGITS - 1], data[-_CRC_DIGITS - 1 :]
    if len(data) != MARK_BYTES or rest != f"{crc32(text):08x}\n".encode("ascii"):
        return None
    values: dict[str, Any] = json.loads(text)
    if values["format"] > FORMAT:
        raise JournalError(f"{NAME} has format {values['format']}, this version reads up to {FORMAT}; update it")
    return Mark(
        State(values["state"]), bytes.fromhex(values["id"]), bytes.fromhex(values["chain"]),
        Witness(values["boot"], values["file"]), values["pid"], values["exposed"], values["synced"],
        values["after_bar"],
    )  # fmt: skip


def read_mark(folder: Path) -> Mark | None:
    """The mark of a journal that somebody else may be writing."""
    try:
        return unpack_mark((folder / NAME).read_bytes())
    except FileNotFoundError:
        return None


def doubt(mark: Mark | None, identity: bytes, chain: bytes, witness: Witness) -> str | None:
    """Why a number after this end could have been issued before; None when it cannot."""
    if mark is None:
        return "no mark says how it was left"
    if mark.witness.file != witness.file:
        return "it is a copy"
    if mark.state is State.CLOSED:
        whole = (mark.id, mark.chain) == (identity, chain)
        return None if whole else "it does not end where it was closed"
    # As long as the kernel runs it has every byte that was written, whatever became of the process.
    if mark.exposed and mark.witness.boot != witness.boot:
        return "the machine stopped before it was closed"
    return None


class MarkFile:
    """The mark held by the one writer; the lock ends with the process, however that ends."""

    def __init__(self, folder: Path, look: Callable[[Path], Witness]) -> None:
        """Take the lock; raises LockError that names the holder, OSError."""
        self.path = folder / NAME
        new = not self.path.exists()
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            # Of the process, not of the descriptor: what a test drops without closing stands in nobody's way.
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            holder = read_mark(folder)
            self.close()
            who = "another process" if holder is None else f"pid {holder.pid}"
            raise LockError(f"{folder} is held by {who}: stop it first") from None
        if new:
            sync_folder(folder)
        self.witness = look(self.path)

    def read(self) -> Mark | None:
        """What the last writer left."""
        return unpack_mark(os.pread(self._file, MARK_BYTES + 1, 0))

    def write(
        self,
        state: State,
        identity: bytes,
        chain: bytes,
        *,
        exposed: bool = False,
        synced: bool = True,
        after_bar: int | None = None,
    ) -> None:
        """Say durably how the journal is left; OSError when the disk fails."""
        mark = Mark(state, identity, chain, self.witness, os.getpid(), exposed, synced, after_bar)
        os.pwrite(self._file, pack_mark(mark), 0)
        os.fdatasync(self._file)

    def close(self) -> None:
        """Let go; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
