"""What a consumer knows of one topic: gap, duplicate, restart (pure).

`epoch` and `seq` tell whether anything was lost on the link; (journal, bar, part) tells what a message *is*. As long as
it is unsure, live messages are held, and the writer is asked for what follows the last; its answer names the seq it
goes on with, so that the held run either joins on without a hole or the question is asked again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from alphabus.held import Held
from alphabus.messages import Delivery, EndOfStream, Message, Streamed, Universe


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a message stands in its topic."""

    bar: int
    part: int


ANYTHING = Place(0, 0)
"""Whoever knows nothing asks for what is behind it."""


@dataclass(slots=True)
class Tally:
    """What went wrong on a link, counted."""

    gaps: int = 0
    duplicates: int = 0
    zombies: int = 0
    restarted: int = 0
    refused: int = 0


@dataclass(slots=True)
class Follower:
    """Turns what arrives on one topic into messages in order, each once."""

    topic: str
    journal: bytes | None = None
    last: Place | None = None
    epoch: int = -1
    unsure: bool = True
    tally: Tally = field(default_factory=Tally)
    joins: int = 0
    """How often the writer was asked, and its answer joined on to the live link."""
    _next: int = 0
    _held: Held = field(default_factory=Held)
    _takes_any: bool = False
    _end: int | None = None
    """The bar that the stream said its end at: a late revision of it may follow, and a stream may go on."""

    @property
    def known(self) -> Place:
        """Behind what the writer is asked: the last place, since later parts of its bar may be missing, or anything."""
        return ANYTHING if self.last is None or self._takes_any else self.last

    def live(self, delivery: Delivery) -> list[Delivery]:
        """Take a message from the live link; return what is to be applied now."""
        if delivery.epoch < self.epoch:
            self.tally.zombies += 1
            return []
        if delivery.epoch > self.epoch:
            self._restarted(delivery.epoch, delivery.seq)
        if delivery.seq < self._next:
            self.tally.duplicates += 1
            return []
        if delivery.seq > self._next:
            self._lost(delivery.seq)
        self._next = delivery.seq + 1
        if self.unsure:
            self._held.add(delivery)
            return []
        return self._applied([delivery])

    def expect(self, epoch: int, next_seq: int) -> None:
        """Hear from a heartbeat which seq comes next: the loss of the *last* message shows here."""
        if epoch > self.epoch:
            self._restarted(epoch, next_seq)
        elif epoch == self.epoch and next_seq > self._next:
            self._lost(next_seq)

    def doubt(self) -> None:
        """Apply nothing more before the writer was asked: something may have been lost unseen."""
        self.unsure = True

    def refused(self) -> None:
        """The writer does not have what it was asked for: next it is asked for whatever it has.

        What is before the last place comes again and is dropped; a hole behind it is for the owner to find, by bars.
        """
        self.tally.refused += 1
        self._takes_any = True

    def answered(self, epoch: int, next_seq: int | None, deliveries: Iterable[Delivery]) -> list[Delivery]:
        """Take the writer's answer; `next_seq` None means that more is on record: ask again."""
        if epoch < self.epoch:
            self.tally.zombies += 1
            return []
        if epoch > self.epoch:
            self._restarted(epoch, next_seq or 1)
        self._takes_any = False
        found = list(deliveries)
        applied = self._applied(found)
        if next_seq is None:
            return applied
        waits = self._held.first_seq
        if (
            self._next if waits is None else waits
        ) > next_seq:  # something between the answer and the live link is still missing
            return applied
        held = _not_superseded(self._held.take(), next_seq, found)
        self._next = max(self._next, next_seq)
        self.unsure = False
        self.joins += 1
        return applied + self._applied(held)

    def _restarted(self, epoch: int, next_seq: int) -> None:
        self.tally.restarted += self.epoch >= 0
        self.epoch, self._next = epoch, next_seq
        self._held.take()
        self.unsure = True

    def _lost(self, next_seq: int) -> None:
        self.tally.gaps += not self.unsure
        self._next = next_seq
        self._held.take()
        self.unsure = True

    def _applied(self, deliveries: Iterable[Delivery]) -> list[Delivery]:
        return [delivery for delivery in deliveries if self._is_new(delivery.message)]

    def _is_new(self, message: Message) -> bool:
        if not isinstance(message, Streamed):
            return False
        if isinstance(message, Universe):  # a fact, not an event: hearing it twice changes nothing
            return True
        if message.journal != self.journal:
            self.journal, self.last, self._end = message.journal, None, None
        is_new = self._is_other_end(message) if isinstance(message, EndOfStream) else self._is_beyond(message)
        self.tally.duplicates += not is_new
        return is_new

    def _is_beyond(self, message: Streamed) -> bool:
        place = Place(message.bar, message.part)
        if self.last is not None and place <= self.last:
            return False
        self.last = place
        return True

    def _is_other_end(self, end: EndOfStream) -> bool:
        if end.bar == self._end or (self.last is not None and end.bar < self.last.bar):
            return False
        self._end = end.bar
        return True


def _not_superseded(held: list[Delivery], next_seq: int, found: list[Delivery]) -> list[Delivery]:
    """Without what the record has forgotten since: a numbering older than the one it answered with."""
    now = {delivery.message.journal for delivery in found[-1:] if isinstance(delivery.message, Streamed)}
    if not now:
        return held
    return [d for d in held if d.seq >= next_seq or getattr(d.message, "journal", None) in now]
