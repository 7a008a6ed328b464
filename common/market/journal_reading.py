"""Reading what stands in a journal, from a bar on, without going through what is before it."""

from collections.abc import Iterator

from common.errors import ForgottenError
from common.market.journal_index import Index, Place
from common.market.journal_records import Record
from common.market.journal_recovery import Cut, End
from common.market.journal_segments import read_segment


class Reading:
    """What may be asked of a journal within the process that writes it."""

    def __init__(self, end: End, index: Index) -> None:
        self._end, self._index = end, index

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
    def begins(self) -> int:
        """From this bar on every record is there; 0 when nothing was ever dropped."""
        return self._end.begins

    @property
    def cut(self) -> Cut | None:
        """What `open` had to cut off, if anything."""
        return self._end.cut

    @property
    def renewed(self) -> str | None:
        """Why `open` gave the journal another id, if it did."""
        return self._end.renewed

    def read(self, first_bar: int = 0) -> Iterator[Record]:
        """Records from `first_bar` on, up to what stood in the journal when this was called; verified on the way.

        0 is whatever is kept; ForgottenError for another bar that is no longer there.
        """
        end = self._end
        if 0 < first_bar < end.begins:
            raise ForgottenError(
                f"{end.segments[0].path.parent} begins at bar {end.begins}, bar {first_bar} is no longer there: "
                f"start from a snapshot, or ask from 0 for all that is kept"
            )
        return read_records(end, self._index, first_bar)

    def landmark_before(self, bar: int) -> Record | None:
        """The newest landmark before the first record of `bar`."""
        return landmark_before(self._end, self._index, bar)


def record_at(place: Place) -> Record:
    """The record at a place, verified."""
    return next(read_segment(place.segment, place.offset, place.chain, None)).record


def read_records(end: End, index: Index, first_bar: int) -> Iterator[Record]:
    """Records from `first_bar` on up to the end, verified; begins at the milestone before it."""
    milestone = index.find(first_bar)
    start = 0 if milestone is None else end.segments.index(milestone.place.segment)
    offset, chain = (0, None) if milestone is None else (milestone.place.offset, milestone.place.chain)
    for segment in end.segments[start:]:
        size = end.size if segment is end.segments[-1] else None
        for found in read_segment(segment, offset, chain, size):
            chain = found.chain
            if found.record.bar >= first_bar:
                yield found.record
        offset = 0


def landmark_before(end: End, index: Index, bar: int) -> Record | None:
    """The newest landmark before the first record of `bar`; reads from the milestone before it."""
    milestone = index.find(bar)
    if milestone is None:
        return None
    found = None if milestone.landmark is None else record_at(milestone.landmark)
    for record in read_records(end, index, milestone.bar):
        if record.bar >= bar:
            break
        found = record if record.kind == index.kind else found
    return found
