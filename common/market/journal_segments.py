"""The files of a journal: their names, their order, how one is made."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from shlex import quote
from typing import BinaryIO

from common.atomic import replacing, sync_folder
from common.errors import DamagedJournalError, JournalError, NoRoomError
from common.market.journal_records import (
    HEADER_BYTES,
    VERSION,
    Found,
    Header,
    pack_header,
    read_record,
    unpack_header,
)
from common.room import is_full

_NAME = re.compile(r"([0-9]{20})(?:_([0-9]+))?\.journal")


@dataclass(frozen=True, slots=True)
class Segment:
    """One file: no bar in it or after it is lower than `bar`; `tie` orders files of one bar."""

    path: Path
    bar: int
    tie: int


def list_segments(folder: Path) -> list[Segment]:
    """The segments of a folder in the order they were written; other files are left alone."""
    matches = [(path, _NAME.fullmatch(path.name)) for path in folder.iterdir()]
    found = [Segment(path, int(match[1]), int(match[2] or 0)) for path, match in matches if match]
    return sorted(found, key=lambda segment: (segment.bar, segment.tie))


def existing_segments(folder: Path) -> list[Segment]:
    """The same of a folder that must have some; raises JournalError."""
    segments = list_segments(folder) if folder.is_dir() else []
    if not segments:
        raise JournalError(f"there is no journal in {folder}: name the folder that holds the .journal files")
    return segments


def create_segment(folder: Path, bar: int, header: Header) -> Segment:
    """Make an empty segment for bars from `bar` on; it appears whole, or not at all."""
    # Segments share a first bar where the id changed within that bar; a lower tie may be free again.
    tie = 1 + max((segment.tie for segment in list_segments(folder) if segment.bar == bar), default=-1)
    segment = Segment(folder / _name(bar, tie), bar, tie)
    try:
        with replacing(segment.path) as temporary:
            temporary.write_bytes(pack_header(header))
    except OSError as error:
        kind = NoRoomError if is_full(error) else JournalError
        raise kind(f"a new segment in {folder} failed: {error}; nothing was recorded") from error
    return segment


def remove_segments(segments: Sequence[Segment]) -> None:
    """Remove segments, oldest first: wherever it is interrupted, what remains is a journal. Raises JournalError."""
    try:
        for segment in segments:
            segment.path.unlink(missing_ok=True)
            sync_folder(segment.path.parent)
    except OSError as error:
        raise JournalError(f"old segments in {segments[0].path.parent} cannot be removed: {error}") from error


def read_header(segment: Segment, data: bytes | memoryview) -> Header | None:
    """The segment's header; None when it is bad; refuses one that a newer version wrote."""
    header = unpack_header(data)
    if header is not None and header.version > VERSION:
        raise JournalError(
            f"{segment.path} was written in format {header.version}, this version reads up to {VERSION}; "
            f"start the version that wrote it"
        )
    return header


def peek_header(segment: Segment) -> Header | None:
    """The header alone, on the same terms."""
    with segment.path.open("rb") as file:
        return read_header(segment, file.read(HEADER_BYTES))


def read_segment(segment: Segment, offset: int, chain: bytes | None, size: int | None) -> Iterator[Found]:
    """Records from `offset` on, after `chain`, of a segment that must be whole to `size` (None: its end).

    From the header on, `chain` None is what the header says.
    """
    try:
        with segment.path.open("rb") as file:
            yield from _read(segment, file, max(offset, HEADER_BYTES), chain, size)
    except OSError as error:
        raise JournalError(f"{segment.path} cannot be read: {error}") from error


def broken(
    segment: Segment, offset: int, front: tuple[int, int, int] | None, after_bar: int | None
) -> DamagedJournalError:
    """The error for a bad record, or a bad header, that is not the unfinished end of the journal."""
    where = f"bar {front[2]}" if front else "at its start" if after_bar is None else f"after bar {after_bar}"
    return DamagedJournalError(
        f"{segment.path} is corrupt at byte {offset} ({where}), and not at the journal's end; "
        f"{remedy(segment.path.parent)}"
    )


def remedy(folder: Path) -> str:
    """What to do about a journal whose middle is damaged."""
    command = f"python -m scripts.journal truncate {quote(str(folder))} --at-damage"
    return f"restore the folder from a copy, or give up what follows: {command}"


def _name(bar: int, tie: int) -> str:
    return f"{bar:020d}_{tie}.journal" if tie else f"{bar:020d}.journal"


def _read(segment: Segment, file: BinaryIO, offset: int, chain: bytes | None, size: int | None) -> Iterator[Found]:
    header = read_header(segment, file.read(HEADER_BYTES))
    if header is None or (offset == HEADER_BYTES and chain not in {None, header.chain}):
        raise broken(segment, 0, None, None)
    end, bar = os.fstat(file.fileno()).st_size if size is None else size, None
    after = header.chain if chain is None else chain
    file.seek(offset)
    while offset < end:
        found = read_record(file, after)
        if found is None or found.end > end:
            raise broken(segment, offset, None, bar)
        yield found
        offset, after, bar = found.end, found.chain, found.record.bar
