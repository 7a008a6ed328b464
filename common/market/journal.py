"""The journal: every section in order, on disk before it is believed, in segments linked by a digest chain.

A folder of `FIRSTBAR.journal` segments (journal_records.py has their bytes) and the mark of its one writer. Other
processes read by journal_survey.py.
"""

import os
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Self

from common.errors import JournalError
from common.market.journal_index import Index, Place
from common.market.journal_mark import MarkFile, State, Witness, look_around
from common.market.journal_opening import begin
from common.market.journal_reading import Reading, record_at
from common.market.journal_records import HEADER_BYTES, MAX_PAYLOAD, Header, Record, link, pack_record
from common.market.journal_recovery import End
from common.market.journal_retention import Kept, Retention, surplus
from common.market.journal_segments import Segment, create_segment, remove_segments
from common.market.journal_sync import Sync, make_flusher
from common.market.journal_tail import Tail

__all__ = ["SEGMENT_BYTES", "Journal", "Retention", "Sync", "new_id"]

SEGMENT_BYTES = 64 << 20


def new_id() -> bytes:
    """A random name for a numbering of bars."""
    return os.urandom(16)


class Journal(Reading):
    """Append-only records (kind, bar, payload), bars never decreasing. `id` names the numbering of the bars."""

    def __init__(
        self,
        end: End,
        marks: MarkFile,
        index: Index,
        *,
        sync: Sync,
        segment_bytes: int,
        interval_s: float,
        monotonic: Callable[[], float],
    ) -> None:
        super().__init__(end, index)
        self._marks = marks
        self._tail = Tail(end.segments[-1].path, end.size)
        self._policy = sync
        self._segment_bytes = segment_bytes
        waiting = None if end.synced else end.first_bar
        self._flusher = make_flusher(sync, self._sync_tail, waiting, interval_s, monotonic)

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        sync: Sync | str = Sync.INTERVAL,
        segment_bytes: int = SEGMENT_BYTES,
        interval_s: float = 1.0,
        landmark: int | None = None,
        make_id: Callable[[], bytes] = new_id,
        monotonic: Callable[[], float] = time.monotonic,
        look: Callable[[Path], Witness] = look_around,
    ) -> Self:
        """Open or create; verifies every record, and cuts a bad last one (see `cut`).

        `landmark`: a kind of record that readers need before any other; the newest is written again where a segment
        begins. Raises JournalError if corrupt, LockError while another process has it open.
        """
        policy, index = Sync(sync), Index(landmark)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            marks = MarkFile(folder, look)
        except OSError as error:
            raise JournalError(f"the journal in {folder} cannot be opened: {error}") from error
        try:
            end = begin(marks, make_id, index, policy)
            return cls(
                end, marks, index,
                sync=policy, segment_bytes=segment_bytes, interval_s=interval_s, monotonic=monotonic,
            )  # fmt: skip
        except OSError as error:
            marks.close()
            raise JournalError(f"the journal in {folder} cannot be opened: {error}") from error
        except BaseException:
            marks.close()
            raise

    @property
    def durable_bar(self) -> int | None:
        """The newest bar of which, as of all before it, every record is known to be on disk."""
        waiting, end = self._flusher.waiting, self._end
        if waiting is None:
            return end.last_bar
        return waiting - 1 if end.first_bar is not None and end.first_bar < waiting else None

    def append(self, kind: int, bar: int, payload: bytes) -> None:
        """Write one record, as `extend` does."""
        self.extend([Record(kind, bar, payload)])

    def extend(self, records: Sequence[Record]) -> None:
        """Write records of one bar, all or none, or raise JournalError: none is there, or (a failed sync) unknown."""
        bar = self._check(records)
        self._flusher.before(bar)
        self._roll_if_full(bar)
        landmark = self._index.landmark
        if self._tail.size == HEADER_BYTES and landmark is not None and records[0].kind != self._index.kind:
            records = [replace(record_at(landmark), bar=bar), *records]
        self._write(records)
        self._flusher.after(bar)

    def sync(self) -> None:
        """Force everything appended to disk. After a failure the journal takes no more: what is on disk is unknown."""
        self._flusher.flush()

    def settle(self) -> None:
        """Hear that what was written is passed on: the policy syncs what is due; JournalError if that fails."""
        self._flusher.settle()

    def prune(self, retention: Retention, needed_bar: int, now_s: float) -> tuple[Segment, ...]:
        """Drop the oldest segments beyond the bounds, never a record from `needed_bar` on; returns what went.

        `now_s` is wall time; an age is counted from the last write to a segment.
        """
        segments, begins = self._end.segments, self._index.begins
        stats = [(segment, segment.path.stat()) for segment in segments]
        kept = [Kept(segment, stat.st_size, now_s - stat.st_mtime, begins(segment)) for segment, stat in stats]
        count = surplus(kept, retention, needed_bar)
        gone, rest = segments[:count], segments[count:]
        if gone:
            first = begins(rest[0]) or 0
            self._end = replace(self._end, segments=rest, first_bar=first, begins=first)
            self._index.forget(gone)
            remove_segments(gone)
        return gone

    def close(self) -> None:
        """Sync (unless the policy is never), mark where it ends, and let go; a second call does nothing."""
        try:
            if self._tail.usable:
                if self._policy is not Sync.NEVER:
                    self.sync()
                # Where the disk is full the mark stays "open", which is true of a writer that died as well.
                with suppress(OSError):
                    self._marks.write(State.CLOSED, self.id, self.chain, synced=self._flusher.waiting is None)
        finally:
            self._tail.close()
            self._marks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, records: Sequence[Record]) -> int:
        for kind, bar, size in ((record.kind, record.bar, len(record.payload)) for record in records):
            if not (0 <= kind <= 255 and 0 <= bar < 1 << 64 and size <= MAX_PAYLOAD):
                raise JournalError(f"record of kind {kind}, bar {bar}, {size} bytes is beyond the journal's format")
        bars = {record.bar for record in records}
        if len(bars) != 1:
            raise JournalError(f"records of bars {sorted(bars)} were to be written together; a bar's own are")
        (bar,) = bars
        if self._end.last_bar is not None and bar < self._end.last_bar:
            raise JournalError(f"bar {bar} follows bar {self._end.last_bar} in the journal; bars never decrease")
        return bar

    def _write(self, records: Sequence[Record]) -> None:
        end, chain, size = self._end, self._end.chain, self._tail.size
        parts, places = list[bytes](), list[Place]()
        for record in records:
            places.append(Place(end.segments[-1], size, chain))
            chain = link(chain, record)
            packed = pack_record(record, chain)
            parts += packed
            size += sum(map(len, packed))
        self._tail.write(parts)
        for record, place in zip(records, places, strict=True):
            self._index.note(record.kind, record.bar, place)
        last = records[-1].bar
        first = last if end.first_bar is None else end.first_bar
        # A frozen value: who is reading at the moment goes on to the end as it was.
        self._end = replace(end, size=size, chain=chain, first_bar=first, last_bar=last)

    def _sync_tail(self) -> None:
        self._tail.sync()  # whichever segment is the last by then

    def _roll_if_full(self, bar: int) -> None:
        last = self._end.last_bar
        # A segment ends between bars, so that its name is the first bar in it.
        if self._tail.size < self._segment_bytes or last is None or bar <= last:
            return
        self.sync()  # under every policy: only the last segment may have an unfinished end
        segment = create_segment(self._tail.path.parent, bar, Header(self._end.id, self._end.chain))
        self._tail.close()
        self._tail = Tail(segment.path, HEADER_BYTES)
        self._end = replace(self._end, segments=(*self._end.segments, segment), size=HEADER_BYTES)
