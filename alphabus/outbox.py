"""What a writer can send again: its recent messages by topic, above what every consumer has acknowledged (pure)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from alphabus.codec import Frames
from alphabus.messages import EndOfStream, Streamed, Universe

CHUNK = 256
CHUNK_BYTES = 64 * 1024 * 1024  # of a page; what was asked must not fill the memory of either end


@dataclass(frozen=True, slots=True)
class Page:
    """Frames in the order they were published; `complete` is False when more is on record."""

    frames: Sequence[Frames]
    complete: bool


class Record(Protocol):
    """Where a writer finds what it published."""

    def since(self, topic: str, journal: bytes, bar: int, most_bytes: int = CHUNK_BYTES, part: int = 0) -> Page:
        """What was published on `topic` from `bar` on, the universe in force first; another journal: from the start.

        Without the parts of that bar up to `part`; about `most_bytes` of it, and one section at least.
        """
        ...


@dataclass(frozen=True, slots=True)
class Item:
    """A published message as frames, with what paging must know of it."""

    bar: int
    part: int
    frames: Frames

    @property
    def is_universe(self) -> bool:
        """Whether it names the symbols of what follows: a fact, of which nobody counts how often it was heard."""
        return self.part == Universe.part


@dataclass(slots=True)
class _Shelf:
    journal: bytes = b""
    universe: Frames | None = None  # in force before the first item
    items: deque[Item] = field(default_factory=deque)
    end: Frames | None = None
    last: EndOfStream | None = None

    def in_force(self, bar: int) -> list[Frames]:
        """The universe that sections from `bar` on need before their own items."""
        earlier = [item.frames for item in self.items if item.is_universe and item.bar < bar]
        if earlier:
            return earlier[-1:]
        return [] if self.universe is None else [self.universe]


def goes_beyond(message: Streamed, end: EndOfStream) -> bool:
    """Whether a stream that said its end goes on with this; a late revision does not."""
    return message.journal != end.journal or message.bar > end.bar


def turn_page(head: list[Frames], items: Iterable[Item], known: tuple[int, int], most_bytes: int) -> Page:
    """The head and the items behind a bar and part, as many as a page takes; part 0: of the bar some may be known."""
    found, size = list[Frames](), 0
    progress = False  # a page must reach past what was known, or it would be asked for again for ever
    for item in items:
        if (item.bar, item.part) <= known and not item.is_universe:
            continue
        if progress and (len(found) >= CHUNK or size >= most_bytes):
            return Page(head + found, complete=False)
        found.append(item.frames)
        size += _size(item.frames)
        progress = progress or not (item.is_universe or (item.bar == known[0] and known[1] == 0))
    return Page(head + found, complete=True)


@dataclass(slots=True)
class Outbox:
    """Keeps frames in memory, oldest out first once `budget_bytes` is reached."""

    budget_bytes: int
    size_bytes: int = 0
    evicted: int = 0
    _shelves: dict[str, _Shelf] = field(default_factory=dict)

    def add(self, topic: str, message: Streamed, frames: Frames) -> None:
        """Remember a published message; a new journal forgets the old one's."""
        shelf = self._shelves.setdefault(topic, _Shelf())
        if message.journal != shelf.journal:
            self._drop(shelf, up_to=None)
            self._shelves[topic] = shelf = _Shelf(message.journal)
        if isinstance(message, EndOfStream):
            shelf.end, shelf.last = frames, message
            return
        if shelf.last is not None and goes_beyond(message, shelf.last):
            shelf.end = shelf.last = None
        shelf.items.append(Item(message.bar, message.part, frames))
        self.size_bytes += _size(frames)
        while self.size_bytes > self.budget_bytes and (oldest := self._oldest()) is not None:
            self._pop(oldest)
            self.evicted += 1

    def acknowledged(self, topic: str, journal: bytes, bar: int) -> None:
        """Forget what every consumer of `topic` is done with, up to and including `bar`."""
        shelf = self._shelves.get(topic)
        if shelf is not None and shelf.journal == journal:
            self._drop(shelf, up_to=bar)

    def since(self, topic: str, journal: bytes, bar: int, most_bytes: int = CHUNK_BYTES, part: int = 0) -> Page:
        """The remembered messages of `topic` from `bar` on, without its parts up to `part`."""
        shelf = self._shelves.get(topic)
        if shelf is None:
            return Page((), complete=True)
        first, part = (bar, part) if journal == shelf.journal else (0, 0)
        items = (item for item in shelf.items if item.bar >= first)
        page = turn_page(shelf.in_force(first), items, (first, part), most_bytes)
        tail = [shelf.end] if shelf.end is not None and page.complete else []
        return Page([*page.frames, *tail], page.complete)

    def _oldest(self) -> _Shelf | None:
        """Of the shelves that keep more than their newest message, the one furthest back."""
        candidates = [shelf for shelf in self._shelves.values() if len(shelf.items) > 1]
        return min(candidates, key=lambda shelf: shelf.items[0].bar, default=None)

    def _drop(self, shelf: _Shelf, up_to: int | None) -> None:
        while shelf.items and (up_to is None or shelf.items[0].bar <= up_to):
            self._pop(shelf)

    def _pop(self, shelf: _Shelf) -> None:
        item = shelf.items.popleft()
        self.size_bytes -= _size(item.frames)
        if item.is_universe:
            shelf.universe = item.frames


def _size(frames: Frames) -> int:
    return sum(map(len, frames))
