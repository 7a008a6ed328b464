"""Finding the end of a journal after a stop: a bad last record is cut and kept beside, any other is refused."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from common.atomic import replacing, sync_file, sync_folder
from common.market.journal_index import Index
from common.market.journal_mark import Mark, State, Witness, doubt
from common.market.journal_records import GENESIS, HEADER_BYTES, Header, front_at
from common.market.journal_segments import Segment, create_segment, list_segments
from common.market.journal_walk import Walk, refuse_corruption

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Cut:
    """What a crash left unfinished: the bytes from `offset` on, of `bar` if that can still be read, are in `saved`."""

    segment: Path
    offset: int
    bar: int | None
    after_bar: int | None
    saved: Path


@dataclass(frozen=True, slots=True)
class End:
    """Where a journal stands: its segments, the size of the last in bytes, and what the next record follows.

    Everything from bar `begins` on is there. `renewed` says why the id is new, `synced` whether all is known to be on
    disk.
    """

    segments: tuple[Segment, ...]
    size: int
    id: bytes
    chain: bytes
    first_bar: int | None
    last_bar: int | None
    begins: int = 0
    cut: Cut | None = None
    renewed: str | None = None
    synced: bool = False


def recover(folder: Path, mark: Mark | None, witness: Witness, make_id: Callable[[], bytes], index: Index) -> End:
    """Verify every record, cut a bad end, and say where to go on; a folder without a journal gets one."""
    segments = list_segments(folder)
    if not segments:
        header = Header(make_id(), GENESIS)
        return replace(_end([create_segment(folder, 0, header)], Walk(header.id, GENESIS), None), synced=True)
    end = _verify(segments, make_id, index)
    if end.cut is not None:
        return end
    why = doubt(mark, end.id, end.chain, witness)
    if why is None:
        return replace(end, synced=mark is not None and mark.state is State.CLOSED and mark.synced)
    return renumber(end, folder, make_id(), why)


def renumber(end: End, folder: Path, identity: bytes, why: str) -> End:
    """Begin a segment under another id: numbers from here on could have been issued before."""
    segment = follow(folder, end.segments, end.last_bar, Header(identity, end.chain))
    return replace(end, segments=(*end.segments, segment), size=HEADER_BYTES, id=identity, renewed=why)


def follow(folder: Path, segments: Sequence[Segment], last_bar: int | None, header: Header) -> Segment:
    """Begin a segment after these within a bar; before it is there, what it follows is on disk."""
    if segments:
        rewrite(segments[-1].path)
    # It has to be the last by name, too, where the segment before it was begun and has no record yet.
    bar = max(last_bar or 0, segments[-1].bar if segments else 0)
    return create_segment(folder, bar, header)


def rewrite(path: Path) -> None:
    """Write a file's bytes once more and wait for the disk.

    After a failed sync the kernel takes them for written, and the next sync would succeed without writing anything.
    """
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        for at in range(0, os.fstat(file).st_size, _PIECE_BYTES):
            os.pwrite(file, os.pread(file, _PIECE_BYTES, at), at)
        os.fdatasync(file)
    finally:
        os.close(file)


def save_rest(segment: Segment, offset: int, data: memoryview) -> Path:
    """Keep a segment's bytes from `offset` on beside it, durably."""
    saved = segment.path.with_name(f"{segment.path.name}.{offset}.cut")
    with replacing(saved) as temporary:
        temporary.write_bytes(data[offset:])
    return saved


def shorten(segment: Segment, offset: int) -> bool:
    """Take off a segment's bytes from `offset` on; one without a record goes. Returns whether it remains."""
    if offset > HEADER_BYTES:
        os.truncate(segment.path, offset)
        sync_file(segment.path)
        return True
    segment.path.unlink()
    sync_folder(segment.path.parent)
    return False


def _verify(segments: list[Segment], make_id: Callable[[], bytes], index: Index) -> End:
    kept, walk, cut = list(segments), Walk(), None
    stops = walk.through(segments, lambda place, found: index.note(found.record.kind, found.record.bar, place))
    for place, stop in enumerate(stops):
        if stop.bad is None:
            continue
        later = segments[place + 1 :]
        refuse_corruption(walk, stop, later)
        front = front_at(stop.data, stop.bad)
        saved = save_rest(stop.segment, stop.bad, stop.data)
        cut = Cut(stop.segment.path, stop.bad, front[2] if front else None, walk.last_bar, saved)
        if not later:
            # Numbers after the cut could be issued twice: before anything is lost, a segment records a new id.
            header = Header(make_id(), walk.chain or GENESIS)
            kept.append(follow(stop.segment.path.parent, segments, walk.last_bar, header))
            walk.id, walk.size = header.id, HEADER_BYTES
        if not shorten(stop.segment, stop.bad):
            kept.remove(stop.segment)
    return _end(kept, walk, cut)


def _end(segments: list[Segment], walk: Walk, cut: Cut | None) -> End:
    renewed = None if cut is None else "its end had to be cut"
    return End(
        tuple(segments), walk.size, walk.id or b"", walk.chain or GENESIS, walk.first_bar, walk.last_bar, walk.begins,
        cut, renewed,
    )  # fmt: skip
