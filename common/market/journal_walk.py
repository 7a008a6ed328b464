"""Walking through a journal from its first record to its last, believing nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from common.errors import DamagedJournalError
from common.market.journal_index import Place
from common.market.journal_records import GENESIS, HEADER_BYTES, Found, Header, find_front, front_at, records_from
from common.market.journal_segments import Segment, broken, peek_header, read_header, remedy

# Called with where a valid record stands, and the record.
Seen = Callable[[Place, Found], None]


@dataclass(frozen=True, slots=True)
class Stop:
    """A segment that was gone through; `bad` is where it stopped being valid, None at its very end."""

    segment: Segment
    data: memoryview
    bad: int | None
    header: Header | None


@dataclass(slots=True)
class Walk:
    """Where it stands: what was last valid, and from where on the journal is kept."""

    id: bytes | None = None
    chain: bytes | None = None
    first_bar: int | None = None
    last_bar: int | None = None
    begins: int = 0
    size: int = HEADER_BYTES

    def through(self, segments: Iterable[Segment], seen: Seen) -> Iterator[Stop]:
        """Segment by segment, oldest first; raises JournalError for one that does not follow."""
        for segment in segments:
            data = memoryview(segment.path.read_bytes())
            header = read_header(segment, data)
            bad = 0 if header is None else self._follow(segment, data, header, seen)
            yield Stop(segment, data, bad, header)

    def _follow(self, segment: Segment, data: memoryview, header: Header, seen: Seen) -> int | None:
        is_first, is_whole = self.chain is None, header.chain == GENESIS
        if is_first:
            self.begins = 0 if is_whole else segment.bar
        elif header.chain != self.chain:
            raise DamagedJournalError(
                f"{segment.path} does not follow the segment before it (bar {self.last_bar}): one was cut short, "
                f"exchanged or lost; {remedy(segment.path.parent)}"
            )
        self.id, self.chain, self.size = header.id, header.chain, HEADER_BYTES
        for found in records_from(data, HEADER_BYTES, header.chain):
            seen(Place(segment, found.offset, self.chain), found)
            self.chain, self.size, self.last_bar = found.chain, found.end, found.record.bar
            if self.first_bar is None:
                self.first_bar = self.last_bar
                # Where a segment goes on within the bar it is named by something of that bar stood before it.
                within = segment.tie > 0 and self.last_bar == segment.bar
                self.begins = self.begins if is_whole or not is_first else self.last_bar + within
        return self.size if self.size < len(data) else None


def refuse_corruption(walk: Walk, stop: Stop, later: list[Segment]) -> None:
    """Raise JournalError unless the bad end of a segment is what a crash leaves."""
    bad = stop.bad or 0
    error = broken(stop.segment, bad, front_at(stop.data, bad), walk.last_bar)
    if find_front(stop.data, bad + 1) is not None:
        raise error
    if later:
        # Only a cut that was itself interrupted leaves a bad end before a segment that follows the good part.
        header = peek_header(later[0])
        if header is None or header.chain != walk.chain or header.id == walk.id:
            raise error
