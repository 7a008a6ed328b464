"""Where records stand, for readers that do not begin at the start: a milestone every so many bytes, so many at most."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass, replace

from common.market.journal_records import HEADER_BYTES
from common.market.journal_segments import Segment

STRIDE_BYTES = 64 << 10
MOST = 4096


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands: its segment, the byte it begins at, and the chain before it."""

    segment: Segment
    offset: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class Milestone:
    """The first record of a bar, and the newest landmark before it."""

    bar: int
    place: Place
    landmark: Place | None


class Index:
    """Milestones in order; when there are too many every second one is forgotten, and the stride doubles."""

    def __init__(self, landmark: int | None = None, stride_bytes: int = STRIDE_BYTES, most: int = MOST) -> None:
        """`landmark`: the kind of record that a reader needs before any other."""
        self.landmark: Place | None = None
        self.kind, self._stride, self._most = landmark, stride_bytes, most
        self._milestones: list[Milestone] = []
        self._begins: dict[Segment, int] = {}
        self._last_bar = -1

    def __len__(self) -> int:
        return len(self._milestones)

    def note(self, kind: int, bar: int, place: Place) -> None:
        """Take note of the next record."""
        first, fresh = place.offset == HEADER_BYTES, bar > self._last_bar
        if first and fresh and (self.landmark is None or kind == self.kind):
            self._begins[place.segment] = bar
        if fresh and (first or self._is_far(place)):
            self._add(Milestone(bar, place, self.landmark))
        if kind == self.kind:
            self.landmark = place
        self._last_bar = bar

    def find(self, bar: int) -> Milestone | None:
        """The newest milestone at or before `bar`; None: read from the start."""
        milestones = self._milestones
        at = bisect_right(milestones, bar, key=lambda milestone: milestone.bar)
        return milestones[at - 1] if at else None

    def begins(self, segment: Segment) -> int | None:
        """From which bar on all is in this segment and after it; None where a journal could not begin with it.

        It could at a new bar, with the landmark that its readers need.
        """
        return self._begins.get(segment)

    def forget(self, segments: Collection[Segment]) -> None:
        """Drop what points into segments that are gone."""
        left = [each for each in self._milestones if each.place.segment not in segments]
        lost = {each for each in left if each.landmark is not None and each.landmark.segment in segments}
        self._milestones = [replace(each, landmark=None) if each in lost else each for each in left]
        self._begins = {segment: bar for segment, bar in self._begins.items() if segment not in segments}

    def _is_far(self, place: Place) -> bool:
        if not self._milestones:
            return True
        last = self._milestones[-1].place
        return place.segment != last.segment or place.offset - last.offset >= self._stride

    def _add(self, milestone: Milestone) -> None:
        self._milestones.append(milestone)
        if len(self._milestones) > self._most:
            self._stride *= 2
            del self._milestones[1::2]
