"""The signals of one arm on record, and the latest of them at hand."""

from __future__ import annotations

from collections.abc import Iterator

from alphabus.continuity import Follower, Place
from alphabus.messages import EndOfStream, Signals, Streamed, Universe
from common.message_log import MessageLog


class Shelf:
    """Each section is on record with the universe it needs before it; startup reads the record."""

    def __init__(self, topic: str, log: MessageLog) -> None:
        self.topic, self._log = topic, log
        self.latest: Signals | None = None
        self.ended = False
        self.universe: Universe | None = None  # of the latest section on record
        self._universes: dict[bytes, Universe] = {}
        for message in log.read():
            self._note(message)

    @property
    def bar(self) -> int:
        """The last bar on record, 0 before the first."""
        return 0 if self.latest is None else self.latest.bar

    def follower(self) -> Follower:
        """Where the stream is to go on."""
        if self.latest is None:
            return Follower(self.topic)
        return Follower(self.topic, self.latest.journal, Place(self.latest.bar, self.latest.part))

    def take(self, message: Streamed) -> bool:
        """Put a message on record; returns whether it is a section or an end. Raises JournalError."""
        match message:
            case Universe():
                self._universes[message.universe] = message
                return False
            case Signals():
                self._take_signals(message)
                return True
            case EndOfStream() if not self.ended:
                self._log.append(message)
                self._note(message)
                return True
        return False

    def history(self, first: int, last: int) -> Iterator[Streamed]:
        """Sections of these bars, the universe in force first."""
        universe: Universe | None = None
        for message in self._log.read():
            if isinstance(message, Universe):
                universe = message
            elif isinstance(message, Signals) and first <= message.bar <= last:
                if universe is not None:
                    yield universe
                    universe = None
                yield message

    def close(self) -> None:
        """Sync and close the record."""
        self._log.journal.close()

    def _take_signals(self, message: Signals) -> None:
        known = self._universes.get(message.universe)
        if known is not None and (self.universe is None or self.universe.universe != message.universe):
            universe = Universe(message.journal, message.bar, known.universe, known.symbols)
            self._log.append(universe)
            self._note(universe)
        self._log.append(message)
        self._note(message)

    def _note(self, message: Streamed) -> None:
        if isinstance(message, Universe):
            self.universe = self._universes[message.universe] = message
        elif isinstance(message, Signals):
            self.latest = message
        elif isinstance(message, EndOfStream):
            self.ended = True
