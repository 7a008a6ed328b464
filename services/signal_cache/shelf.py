"""The signals of one arm on record, and the newest of them at hand."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from alphabus.continuity import Follower, Place
from alphabus.messages import EndOfStream, Signals, Streamed, Universe
from alphabus.outbox import goes_beyond
from alphabus.universes import Universes
from common.message_log import MessageLog

RECENT = 256

Entry = tuple[Universe | None, Signals]
"""A section with the universe in force where it stands on record."""


class Shelf:
    """Each section is on record with the universe it needs before it; startup reads the record.

    Close times and bars of all sections, and the newest `RECENT` sections themselves, are in memory.
    """

    def __init__(self, topic: str, log: MessageLog, left: Iterable[bytes] = ()) -> None:
        """`left`: the numberings that the stream was of before the one on record."""
        self.topic, self.left, self._log = topic, frozenset(left), log
        self._told = Universes()
        self.latest: Signals | None = None
        self.end: EndOfStream | None = None  # unless the stream went on after it
        self.universe: Universe | None = None  # of the latest section on record
        self._times, self._bars = array("q"), array("q")  # of every section, ascending
        self._recent: deque[Entry] = deque(maxlen=RECENT)
        for message in log.read():
            self._note(message)

    @property
    def bar(self) -> int:
        """The last bar on record, 0 before the first."""
        return 0 if self.latest is None else self.latest.bar

    @property
    def numbering(self) -> bytes | None:
        """The journal that the bars on record are counted in, None before the first."""
        last = self.latest or self.end
        return None if last is None else last.journal

    @property
    def ended(self) -> bool:
        """Whether the stream said its end, and nothing beyond it since."""
        return self.end is not None

    def follower(self) -> Follower:
        """Where the stream is to go on."""
        if self.latest is None:
            return Follower(self.topic)
        return Follower(self.topic, self.latest.journal, Place(self.latest.bar, self.latest.part))

    def take(self, message: Streamed) -> bool:
        """Put a message on record; returns whether it is a section or an end. Raises JournalError."""
        match message:
            case Universe():
                self._told.learn(message)
                return False
            case Signals():
                self._take_signals(message)
                return True
            case EndOfStream() if not self.ended:
                self._log.append(message)
                self._note(message)
                return True
        return False

    def begun_anew(self, log: MessageLog) -> Shelf:
        """The one of another numbering, whose list of symbols may have come before its first section."""
        anew = Shelf(self.topic, log, self.left | {journal for journal in [self.numbering] if journal})
        anew._told = self._told
        return anew

    def history(self, first: int, last: int) -> Iterator[Streamed]:
        """Sections of these bars, the universe in force first."""
        return _with_universes(self._entries(first, last))

    def around(self, time: int) -> Iterator[Streamed]:
        """The section that closes at `time` (ns); if there is none, those before and after it. Last revisions."""
        place = bisect_left(self._times, time)
        exact = self._bars[place : place + 1] if self._times[place : place + 1] == array("q", [time]) else None
        bars = exact or self._bars[max(place - 1, 0) : place + 1]
        return _with_universes(self._last_revision(bar) for bar in bars)

    def settle(self) -> None:
        """Sync what is due; raises JournalError if that failed."""
        self._log.journal.settle()

    def close(self) -> None:
        """Sync and close the record."""
        self._log.journal.close()

    def _entries(self, first: int, last: int) -> Iterator[Entry]:
        recent = tuple(self._recent)
        if recent and first > recent[0][1].bar:  # of its own bar the first may be only the last revision
            yield from (entry for entry in recent if first <= entry[1].bar <= last)
            return
        universe = self._log.universe_before(first)
        for message in self._log.read(first):
            if message.bar > last:
                return
            if isinstance(message, Universe):
                universe = message
            elif isinstance(message, Signals):
                yield universe, message

    def _last_revision(self, bar: int) -> Entry:
        return max(self._entries(bar, bar), key=lambda entry: entry[1].revision)

    def _take_signals(self, message: Signals) -> None:
        spoken, named = b"" if self.universe is None else self.universe.universe, message.universe
        taken: list[Streamed] = [message]
        if named != spoken and named in self._told:
            taken.insert(0, Universe(message.journal, message.bar, named, self._told.symbols(named)))
        self._log.append(*taken)
        for each in taken:
            self._note(each)

    def _note(self, message: Streamed) -> None:
        if isinstance(message, Universe):
            self.universe = message
        elif isinstance(message, Signals):
            if message.bar > self.bar:
                self._times.append(message.time)
                self._bars.append(message.bar)
            self._recent.append((self.universe, message))
            self.latest = message
            if self.end is not None and goes_beyond(message, self.end):
                self.end = None
        elif isinstance(message, EndOfStream):
            self.end = message


def _with_universes(entries: Iterable[Entry]) -> Iterator[Streamed]:
    """Each section, and before it its universe where it is another than before; none for a list never told."""
    spoken = b""
    for universe, section in entries:
        if section.universe != spoken and universe is not None and universe.universe == section.universe:
            yield replace(universe, journal=section.journal, bar=section.bar)
        spoken = section.universe
        yield section
