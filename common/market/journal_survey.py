"""A journal read from outside, beside its writer or without one: everything verified, nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from common.errors import JournalError
from common.market.journal_index import Place
from common.market.journal_mark import NAME, Mark, State, Witness, doubt, look_around, read_mark
from common.market.journal_records import GENESIS, Found, Record, front_at
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
    written: bool = False
    """Whether the process that left it open still runs."""

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


def records_of(folder: Path, progress: Progress = silent, last: int | None = None) -> Iterator[Record]:
    """Every record up to bar `last`, verified; an unfinished end is left out.

    JournalError where the journal is corrupt; where that begins beyond `last` nobody looks.
    """
    segments = existing_segments(folder)
    wanted = [segment for segment in segments if last is None or segment.bar <= last]
    most, done, tally, walk = _sizes(wanted), 0, _Tally(), Walk()
    try:
        for place, stop in enumerate(walk.through(wanted, tally.note)):
            records = [found.record for found in tally.take()]
            yield from (record for record in records if last is None or record.bar <= last)
            if last is not None and _passes(stop, records, last):
                return
            if stop.bad is not None:
                refuse_corruption(walk, stop, segments[place + 1 :])
            progress(done := done + len(stop.data), most)
    except FileNotFoundError as error:
        raise JournalError(f"{error.filename} was dropped by its writer while it was to be read: try again") from error


def _passes(stop: Stop, records: list[Record], last: int) -> bool:
    """Whether a segment has, or had, something of a bar beyond the last: all before it was seen."""
    front = None if stop.bad is None else front_at(stop.data, stop.bad)
    return any(record.bar > last for record in records[-1:]) or (front is not None and front[2] > last)


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
    witness = look(folder / NAME)
    why = _renewal(walk, mark, unfinished, witness)
    return Survey(folder, tuple(parts), mark, unfinished, why, written=_is_written(mark, witness))


def _is_written(mark: Mark | None, witness: Witness) -> bool:
    if mark is None or mark.state is not State.OPEN or mark.witness != witness:  # a copy has the mark of its original
        return False
    return (Path("/proc") / str(mark.pid)).exists()


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
        problem = _headless(stop)
    except JournalError as error:
        problem = str(error)
    records = tally.take()
    unfinished = len(stop.data) - stop.bad if stop is not None and stop.bad is not None and problem is None else 0
    return _described(walk, segment, stop, records, problem), unfinished


def _headless(stop: Stop) -> str | None:
    """What is wrong with an end that no crash leaves: a segment appears with its header, or not at all."""
    if stop.header is not None:
        return None
    return (
        f"{stop.segment.path} ({len(stop.data)} bytes) does not begin with a header; restore it from a copy, or the "
        f"next start sets it aside and gives the journal another id"
    )


def _described(walk: Walk, segment: Segment, stop: Stop | None, records: list[Found], problem: str | None) -> Part:
    bars = [found.record.bar for found in records]
    stat = segment.path.stat()
    header = None if stop is None else stop.header
    return Part(
        segment.path, None if header is None else header.id, walk.chain or GENESIS, bars[0] if bars else None,
        bars[-1] if bars else None, len(records), stat.st_size, stat.st_mtime, problem,
    )  # fmt: skip
