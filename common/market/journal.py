"""The journal: every section in order, on disk before it is believed, in segments linked by a digest chain.

A folder of `FIRSTBAR.journal` segments; journal_records.py has their bytes. One writer at a time, ensured by its
owner's lock; within the process others may read while it appends.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Self

from common.errors import JournalError
from common.market.journal_records import HEADER_BYTES, MAX_PAYLOAD, Header, Record, link, pack_record
from common.market.journal_recovery import Cut, End, recover
from common.market.journal_segments import create_segment, read_segment
from common.market.journal_tail import Tail

SEGMENT_BYTES = 64 << 20


class Sync(StrEnum):
    """When a record is forced to disk. A killed process loses nothing; a power cut loses what was not synced."""

    ALWAYS = "always"  # before `append` returns: nothing is lost
    INTERVAL = "interval"  # at the first append after the interval: the records since then are lost
    NEVER = "never"  # when the kernel likes: about half a minute is lost


def new_id() -> bytes:
    """A random name for a numbering of bars."""
    return os.urandom(16)


class Journal:
    """Append-only records (kind, bar, payload), bars never decreasing. `id` names the numbering of the bars."""

    def __init__(
        self, end: End, *, sync: Sync, segment_bytes: int, interval_s: float, monotonic: Callable[[], float]
    ) -> None:
        self._end = end
        self._tail = Tail(end.segments[-1].path, end.size)
        self._policy = sync
        self._segment_bytes = segment_bytes
        self._interval_s = interval_s
        self._monotonic = monotonic
        self._synced_at = monotonic()
        self._durable_bar: int | None = None
        # The policy `behind`, a thread that syncs at most one section late, is one more entry here.
        policies: dict[Sync, Callable[[], None]] = {
            Sync.ALWAYS: self.sync,
            Sync.INTERVAL: self._sync_when_due,
            Sync.NEVER: lambda: None,
        }
        self._after_append = policies[sync]

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        sync: Sync | str = Sync.INTERVAL,
        segment_bytes: int = SEGMENT_BYTES,
        interval_s: float = 1.0,
        make_id: Callable[[], bytes] = new_id,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> Self:
        """Open or create; verifies every record, and cuts a bad last one (see `cut`). JournalError if corrupt."""
        policy = Sync(sync)
        end = recover(folder, make_id)
        journal = cls(end, sync=policy, segment_bytes=segment_bytes, interval_s=interval_s, monotonic=monotonic)
        if policy is not Sync.NEVER:
            journal.sync()  # what was found may have been written just before a crash, and be in memory only
        return journal

    @property
    def id(self) -> bytes:
        """The numbering: 16 bytes, another whenever a bar could have been issued twice."""
        return self._end.id

    @property
    def chain(self) -> bytes:
        """The digest over all records so far, 32 bytes."""
        return self._end.chain

    @property
    def first_bar(self) -> int | None:
        """The bar of the oldest record kept."""
        return self._end.first_bar

    @property
    def last_bar(self) -> int | None:
        """The bar of the newest record."""
        return self._end.last_bar

    @property
    def durable_bar(self) -> int | None:
        """The bar of the newest record that is known to be on disk."""
        return self._durable_bar

    @property
    def cut(self) -> Cut | None:
        """What `open` had to cut off, if anything."""
        return self._end.cut

    def append(self, kind: int, bar: int, payload: bytes) -> None:
        """Write one record whole, or raise JournalError: then it is not in the journal, or (a failed sync) unknown."""
        self._check(kind, bar, payload)
        self._roll_if_full(bar)
        record = Record(kind, bar, payload)
        chain = link(self._end.chain, record)
        self._tail.write(pack_record(record, chain))
        first = bar if self._end.first_bar is None else self._end.first_bar
        # One assignment of a frozen value: a reader in another thread sees the old end or the new.
        self._end = replace(self._end, size=self._tail.size, chain=chain, first_bar=first, last_bar=bar)
        self._after_append()

    def read(self, first_bar: int = 0) -> Iterator[Record]:
        """Records from `first_bar` on, up to what stood in the journal when this was called; verified on the way."""
        return _read(self._end, first_bar)

    def sync(self) -> None:
        """Force everything appended to disk. After a failure the journal takes no more: what is on disk is unknown."""
        bar = self._end.last_bar
        self._tail.sync()
        self._durable_bar = bar
        self._synced_at = self._monotonic()

    def close(self) -> None:
        """Sync (unless the policy is never) and close; a second call does nothing."""
        try:
            if self._tail.usable and self._policy is not Sync.NEVER:
                self.sync()
        finally:
            self._tail.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check(self, kind: int, bar: int, payload: bytes) -> None:
        if not (0 <= kind <= 255 and 0 <= bar < 1 << 64 and len(payload) <= MAX_PAYLOAD):
            raise JournalError(f"record of kind {kind}, bar {bar}, {len(payload)} bytes is beyond the journal's format")
        if self._end.last_bar is not None and bar < self._end.last_bar:
            raise JournalError(f"bar {bar} follows bar {self._end.last_bar} in the journal; bars never decrease")

    def _roll_if_full(self, bar: int) -> None:
        last = self._end.last_bar
        # A segment ends between bars, so that its name is the first bar in it.
        if self._tail.size < self._segment_bytes or last is None or bar <= last:
            return
        if self._policy is not Sync.NEVER:
            self.sync()
        segment = create_segment(self._tail.path.parent, bar, Header(self._end.id, self._end.chain))
        self._tail.close()
        self._tail = Tail(segment.path, HEADER_BYTES)
        self._end = replace(self._end, segments=(*self._end.segments, segment), size=HEADER_BYTES)

    def _sync_when_due(self) -> None:
        if self._monotonic() - self._synced_at >= self._interval_s:
            self.sync()


def _read(end: End, first_bar: int) -> Iterator[Record]:
    chain = None
    for index, segment in enumerate(end.segments):
        following = end.segments[index + 1 : index + 2]
        # The next segment's name bounds the bars of this one from above.
        if following and following[0].bar < first_bar:
            continue
        for found in read_segment(segment, chain, size=None if following else end.size):
            chain = found.chain
            if found.record.bar >= first_bar:
                yield found.record
