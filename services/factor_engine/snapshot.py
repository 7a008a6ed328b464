"""A plan's state on disk: after which section of which journal it was taken, and the engine's own bytes.

Layout: magic, length of the header (u32), header (JSON), the state as `common.factors.snapshot` writes it, SHA-256 of
all before it. `proof` is the SHA-256 of the section it was taken after: the feed sends that section again, and only if
it is the same to the bit does the snapshot count.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from common.atomic import replacing
from common.errors import SnapshotError

MAGIC = b"ALPHABUS PLAN 1\n"
SUFFIX = ".snapshot"
_LENGTH_BYTES, _DIGEST_BYTES = 4, 32


@dataclass(frozen=True, slots=True)
class Position:
    """Up to which section a state goes; bar 0 and no journal: the beginning."""

    journal: bytes
    bar: int
    proof: bytes


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a file holds."""

    position: Position
    state: bytes


def encode_snapshot(position: Position, state: bytes) -> bytes:
    """Write it down."""
    words = {"journal": position.journal.hex(), "bar": position.bar, "proof": position.proof.hex()}
    header = json.dumps(words, sort_keys=True).encode()
    content = b"".join([MAGIC, len(header).to_bytes(_LENGTH_BYTES, "little"), header, state])
    return content + sha256(content).digest()


def decode_snapshot(saved: bytes) -> Snapshot:
    """Read it; SnapshotError unless every byte is as it was written."""
    content = memoryview(saved)[:-_DIGEST_BYTES]
    if not saved.startswith(MAGIC) or sha256(content).digest() != saved[-_DIGEST_BYTES:]:
        raise SnapshotError("the snapshot is damaged, or is none")
    start = len(MAGIC) + _LENGTH_BYTES
    end = start + int.from_bytes(content[len(MAGIC) : start], "little")
    words = json.loads(bytes(content[start:end]))
    position = Position(bytes.fromhex(words["journal"]), words["bar"], bytes.fromhex(words["proof"]))
    return Snapshot(position, bytes(content[end:]))


class Shelf:
    """A folder of snapshots, one a plan; a file is the old one or the new one, never half of either."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, name: str) -> Snapshot | None:
        """Read a plan's snapshot; None when there is none, SnapshotError when it cannot be read."""
        try:
            saved = self._path(name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise SnapshotError(f"the snapshot cannot be read: {error}") from error
        return decode_snapshot(saved)

    def has(self, name: str) -> bool:
        """Whether a plan has a snapshot, good or bad."""
        return self._path(name).exists()

    def save(self, name: str, content: bytes) -> None:
        """Replace a plan's snapshot, durably; raises OSError."""
        with replacing(self._path(name)) as temporary:
            temporary.write_bytes(content)

    def drop(self, name: str) -> None:
        """Take a plan's snapshot away, if there is one."""
        self._path(name).unlink(missing_ok=True)

    def keep_only(self, names: set[str]) -> None:
        """Take away those of other plans, and what a killed process left half written."""
        kept = {self._path(name) for name in names}
        for path in self._folder.glob(f"*{SUFFIX}*"):
            if path not in kept:
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{SUFFIX}"
