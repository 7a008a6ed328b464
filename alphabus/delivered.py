"""What one arm's stream has delivered: in order, each section once; and what certainly is missing (pure)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from alphabus.continuity import Place
from alphabus.messages import EndOfStream, Message, Signals
from alphabus.section import Section


class Delivered:
    """Knows the last section, and keeps those that wait to be taken; `met` hears of every bar that has a signal."""

    def __init__(self, met: Callable[[bytes, int], None]) -> None:
        self.last: Signals | None = None
        self._places: dict[bytes, Place] = {}  # by numbering: who has left one may meet it again
        self._met = met
        self._ready: deque[Section] = deque()

    @property
    def empty(self) -> bool:
        """Whether no section waits to be taken."""
        return not self._ready

    def take(self) -> Section | None:
        """The next section, None when none is there."""
        return self._ready.popleft() if self._ready else None

    def add(self, section: Section) -> bool:
        """Tell whether it is new; one that stands before the last of its numbering, or is it, is dropped."""
        signals = section.signals
        place, before = place_of(signals), self._places.get(signals.journal)
        if before is not None and place <= before:
            return False
        self.last, self._places[signals.journal] = signals, place
        self._met(signals.journal, signals.bar)
        self._ready.append(section)
        return True

    def bar_of(self, journal: bytes | None) -> int:
        """The last bar delivered of a numbering, 0 before its first and of none."""
        place = None if journal is None else self._places.get(journal)
        return 0 if place is None else place.bar

    def lacks_before(self, message: Message) -> bool:
        """Whether something between the last section and this message certainly is missing here."""
        if not isinstance(message, Signals | EndOfStream):
            return False
        until = message.bar if isinstance(message, EndOfStream) else message.bar - 1
        if self.last is None:
            return isinstance(message, EndOfStream) and until > 0
        return self.last.journal == message.journal and self.last.bar < until

    def may_lack_before(self, message: Message) -> bool:
        """Whether it certainly does, or nothing is known: the first of another numbering proves nothing before it."""
        if self.last is None or not isinstance(message, Signals | EndOfStream):
            return self.lacks_before(message)
        return self.last.journal != message.journal or self.lacks_before(message)


def place_of(signals: Signals) -> Place:
    """Where a section stands in its topic."""
    return Place(signals.bar, signals.part)
