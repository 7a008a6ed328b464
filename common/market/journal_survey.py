"""A journal read from outside, beside its writer or without one: everything verified, nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import JournalError
from common.market.journal_index import Place
from common.market.journal_mark import NAME, Mark, State, Witness, doubt, look_around, read_mark
from common.market.journal_records import GENESIS, Found, Record
from common.market.journal_segments import Segment, existing_segments
from common.market.journal_walk import Stop, Walk, refuse_corruption

Progress = Callable[[int, int], None]

_TRIES = 5


def silent(done: int, most: int) -> None:
    """Progress for nobody."""


@dataclass(frozen=True, slots=True)
class Part:
    """One segment as it was found; `problem` says what is wrong with it, `digest` is the chain at its end."""

    path: Path
    id: bytes | None
    digest: bytes
    first_bar: int | None
    last_bar: int | None
    records: int
    bytes: int
    written_s: float
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """A whole journal; `unfinished`: bytes after the last record, `renewal`: why the next start will change the id."""

    folder: Path
    parts: tuple[Part, ...]
    mark: Mark | None
    unfinished: int
    renewal: str | None

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, segment by segment."""
        return tuple(part.problem for part in self.parts if part.problem is not None)

    @property
    def records(self) -> int:
        """How many are valid."""
        return sum(part.records for part in self.parts)

    @property
    def bytes(self) -> int:
        """What the segments take."""
        return sum(part.bytes for part in self.parts)


@dataclass(slots=True)
class _Tally:
    """What was seen of the segment that is being read."""

    records: list[Found] = field(default_factory=list)

    def note(self, _place: Place, found: Found) -> None:
        """Keep a record."""
        self.records.append(found)

    def take(self) -> list[Found]:
        """What came since the last time."""
        found, self.records = self.records, []
        return found


def survey(folder: Path, progress: Progress = silent, look: Callable[[Path], Witness] = look_around) -> Survey:
    """Verify every record of every segment; raises JournalError only where there is no journal."""
    for _ in range(_TRIES - 1):
        with suppress(FileNotFoundError):  # the writer dropped an old segment meanwhile
            return _surveyed(folder, progress, look)
    return _surveyed(folder, progress, look)


def records_of(folder: Path, progress: Progress = silent) -> Iterator[Record]:
    """Every record, verified; an unfinished end is left out. JournalError where the journal is corrupt."""
    segments = existing_segments(folder)
    most, done, tally, walk = _sizes(segments), 0, _Tally(), Walk()
    try:
        for place, stop in enumerate(walk.through(segments, tally.note)):
            yield from (found.record for found in tally.take())
            if stop.bad is not None:
                refuse_corruption(walk, stop, segments[place + 1 :])
            progress(done := done + len(stop.data), most)
    except FileNotFoundError as error:
        raise JournalError(f"{error.filename} was dropped by its writer while it was to be read: try again") from error


def _surveyed(folder: Path, progress: Progress, look: Callable[[Path], Witness]) -> Survey:
    segments = existing_segments(folder)
    most, walk, parts, unfinished = _sizes(segments), Walk(), list[Part](), 0
    for place, segment in enumerate(segments):
        part, unfinished = _part(walk, segment, segments[place + 1 :])
        if part.problem is not None:
            walk.chain = None  # the next one is judged by itself
        parts.append(part)
        progress(sum(each.bytes for each in parts), most)
    mark = read_mark(folder)
    return Survey(folder, tuple(parts), mark, unfinished, _renewal(walk, mark, unfinished, look(folder / NAME)))


def _renewal(walk: Walk, mark: Mark | None, unfinished: int, witness: Witness) -> str | None:
    if unfinished:
        return "its end will be cut"
    if mark is not None and mark.state is State.TRUNCATING:
        return "a truncation was interrupted and will be finished"
    return doubt(mark, walk.id or b"", walk.chain or GENESIS, witness)


def _sizes(segments: list[Segment]) -> int:
    return sum(segment.path.stat().st_size for segment in segments)


def _part(walk: Walk, segment: Segment, later: list[Segment]) -> tuple[Part, int]:
    """One segment, and how many bytes at its end are unfinished."""
    tally, problem, stop = _Tally(), None, None
    try:
        stop = next(walk.through([segment], tally.note))
        if stop.bad is not None:
            refuse_corruption(walk, stop, later)
    except JournalError as error:
        problem = str(error)
    records = tally.take()
    unfinished = len(stop.data) - stop.bad if stop is not None and stop.bad is not None and problem is None else 0
    return _described(walk, segment, stop, records, problem), unfinished


def _described(walk: Walk, segment: Segment, stop: Stop | None, records: list[Found], problem: str | None) -> Part:
    bars = [found.record.bar for found in records]
    stat = segment.path.stat()
    header = None if stop is None else stop.header
    return Part(
        segment.path, None if header is None else header.id, walk.chain or GENESIS, bars[0] if bars else None,
        bars[-1] if bars else None, len(records), stat.st_size, stat.st_mtime, problem,
    )  # fmt: skip
