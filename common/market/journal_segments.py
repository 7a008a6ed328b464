"""The files of a journal: their names, their order, how one is made."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from common.atomic import replacing
from common.errors import JournalError
from common.market.journal_records import (
    HEADER_BYTES,
    VERSION,
    Found,
    Header,
    front_at,
    pack_header,
    records_from,
    unpack_header,
)

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


def create_segment(folder: Path, bar: int, header: Header) -> Segment:
    """Make an empty segment for bars from `bar` on; it appears whole, or not at all."""
    # Two segments share a first bar only when a bad end was cut within that bar.
    ties = (Segment(folder / _name(bar, tie), bar, tie) for tie in count())
    segment = next(segment for segment in ties if not segment.path.exists())
    try:
        with replacing(segment.path) as temporary:
            temporary.write_bytes(pack_header(header))
    except OSError as error:
        raise JournalError(f"a new segment in {folder} failed: {error}; nothing was recorded") from error
    return segment


def read_header(segment: Segment, data: bytes | memoryview) -> Header | None:
    """The segment's header; None when it is bad; refuses one that a newer version wrote."""
    header = unpack_header(data)
    if header is not None and header.version > VERSION:
        raise JournalError(
            f"{segment.path} was written in format {header.version}, this version reads up to {VERSION}; "
            f"start the version that wrote it"
        )
    return header


def read_segment(segment: Segment, chain: bytes | None, *, size: int | None) -> Iterator[Found]:
    """Records of a segment that must be whole to `size` (None: its end), after `chain` (None: what its header says)."""
    data = _load(segment, size)
    header = read_header(segment, data)
    if header is None or chain not in {None, header.chain}:
        raise broken(segment, 0, data, None)
    end, bar = HEADER_BYTES, None
    for found in records_from(data, HEADER_BYTES, header.chain):
        yield found
        end, bar = found.end, found.record.bar
    if end != (len(data) if size is None else size):
        raise broken(segment, end, data, bar)


def broken(segment: Segment, offset: int, data: memoryview, after_bar: int | None) -> JournalError:
    """The error for a bad record, or a bad header, that is not the unfinished end of the journal."""
    front = front_at(data, offset)
    where = f"bar {front[2]}" if front else "at its start" if after_bar is None else f"after bar {after_bar}"
    return JournalError(
        f"{segment.path} is corrupt at byte {offset} ({where}), and not at the journal's end; "
        f"restore the folder from a copy, or move it away and begin a new journal"
    )


def _name(bar: int, tie: int) -> str:
    return f"{bar:020d}_{tie}.journal" if tie else f"{bar:020d}.journal"


def _load(segment: Segment, size: int | None) -> memoryview:
    try:
        with segment.path.open("rb") as file:
            return memoryview(file.read(size))
    except OSError as error:
        raise JournalError(f"{segment.path} cannot be read: {error}") from error
