"""Finding the end of a journal after a crash: a bad last record is cut and kept beside, any other is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common.atomic import replacing, sync_file, sync_folder
from common.errors import JournalError
from common.market.journal_records import GENESIS, HEADER_BYTES, Header, find_front, front_at, records_from
from common.market.journal_segments import Segment, broken, create_segment, list_segments, read_header


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
    """Where a journal stands: its segments, the size of the last in bytes, and what the next record follows."""

    segments: tuple[Segment, ...]
    size: int
    id: bytes
    chain: bytes
    first_bar: int | None
    last_bar: int | None
    cut: Cut | None = None


@dataclass(slots=True)
class _Walk:
    """The state of reading through the segments, oldest first."""

    id: bytes | None = None
    chain: bytes = GENESIS
    first_bar: int | None = None
    last_bar: int | None = None
    size: int = HEADER_BYTES


def recover(folder: Path, make_id: Callable[[], bytes]) -> End:
    """Verify every record, cut a bad end, and say where to go on; a folder without a journal gets one."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _recover(folder, make_id)
    except OSError as error:
        raise JournalError(f"the journal in {folder} cannot be opened: {error}") from error


def _recover(folder: Path, make_id: Callable[[], bytes]) -> End:
    segments, walk, cut = list_segments(folder), _Walk(), None
    for index, segment in enumerate(segments):
        data = memoryview(segment.path.read_bytes())
        bad = _follow(walk, segment, data, is_first=index == 0)
        if bad is not None:
            _refuse_corruption(walk, segment, data, bad, segments[index + 1 :])
            cut = _save(walk, segment, data, bad)
            segments = _cut(walk, segment, bad, segments, make_id)
    if walk.id is None:
        walk.id = make_id()
        segments = [create_segment(folder, 0, Header(walk.id, GENESIS))]
    return End(tuple(segments), walk.size, walk.id, walk.chain, walk.first_bar, walk.last_bar, cut)


def _follow(walk: _Walk, segment: Segment, data: memoryview, *, is_first: bool) -> int | None:
    """Walk through one segment; where it goes bad, or None."""
    header = read_header(segment, data)
    if header is None:
        return 0
    if is_first:
        walk.chain = header.chain
    elif header.chain != walk.chain:
        raise JournalError(
            f"{segment.path} does not follow the segment before it (bar {walk.last_bar}): "
            f"one was cut short, exchanged or lost; restore the folder from a copy"
        )
    walk.id, walk.size = header.id, HEADER_BYTES
    for found in records_from(data, HEADER_BYTES, header.chain):
        walk.chain, walk.size, walk.last_bar = found.chain, found.end, found.record.bar
        walk.first_bar = found.record.bar if walk.first_bar is None else walk.first_bar
    return walk.size if walk.size < len(data) else None


def _refuse_corruption(walk: _Walk, segment: Segment, data: memoryview, bad: int, later: list[Segment]) -> None:
    if find_front(data, bad + 1) is not None:
        raise broken(segment, bad, data, walk.last_bar)
    if later:
        # Only a cut that was itself interrupted leaves a bad end before a segment that follows the good part.
        header = read_header(later[0], later[0].path.read_bytes()[:HEADER_BYTES])
        if header is None or header.chain != walk.chain or header.id == walk.id:
            raise broken(segment, bad, data, walk.last_bar)


def _save(walk: _Walk, segment: Segment, data: memoryview, bad: int) -> Cut:
    saved = segment.path.with_name(f"{segment.path.name}.{bad}.cut")
    with replacing(saved) as temporary:
        temporary.write_bytes(data[bad:])
    front = front_at(data, bad)
    return Cut(segment.path, bad, front[2] if front else None, walk.last_bar, saved)


def _cut(
    walk: _Walk, segment: Segment, bad: int, segments: list[Segment], make_id: Callable[[], bytes]
) -> list[Segment]:
    """Cut the bad end off; returns the segments that remain."""
    # Numbers after the cut could be issued twice: before anything is lost, a segment of its own records a new id.
    kept = list(segments)
    if segment is segments[-1]:
        walk.id = make_id()
        kept.append(create_segment(segment.path.parent, walk.last_bar or 0, Header(walk.id, walk.chain)))
        walk.size = HEADER_BYTES
    if bad >= HEADER_BYTES:
        with segment.path.open("r+b") as file:
            file.truncate(bad)
        sync_file(segment.path)
    else:
        segment.path.unlink()
        kept.remove(segment)
        sync_folder(segment.path.parent)
    return kept
