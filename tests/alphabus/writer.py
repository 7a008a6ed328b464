"""A writer as a test needs it: numbers, epochs, journals and a record, with nothing around them."""

from __future__ import annotations

from dataclasses import dataclass, field

from alphabus.codec import decode, encode
from alphabus.continuity import Place
from alphabus.messages import Delivery, EndOfStream, Mode, Signals, Streamed
from alphabus.outbox import Outbox
from alphabus.testing import signals, universe

TOPIC = "t/signals/champion/"
PLENTY = 1 << 30

Answer = tuple[int, int | None, list[Delivery]]


def place(message: Streamed) -> tuple[bytes, Place]:
    """What a message is, on its topic."""
    return message.journal, Place(message.bar, message.part)


@dataclass(slots=True)
class Writer:
    """One incarnation; `sections` are the places (ends apart) that it and those before it published, by journal."""

    epoch: int = 1
    seq: int = 0
    journal: bytes = b"a" * 16
    bar: int = 0
    last: Signals | None = None
    ended: int | None = None
    symbols: tuple[str, ...] = ()
    outbox: Outbox = field(default_factory=lambda: Outbox(PLENTY))
    sections: dict[bytes, list[Place]] = field(default_factory=dict)

    def section(self, symbols: tuple[str, ...] = ("A",)) -> list[Delivery]:
        """Publish the next bar, and first its universe when that is another one."""
        self.bar += 1
        sent = []
        if symbols != self.symbols:
            self.symbols = symbols
            sent.append(self._sent(universe(symbols, self.bar, self.journal)))
        return [*sent, self._sent(signals(self.bar, dict.fromkeys(symbols, 0.5), journal=self.journal))]

    def revision(self) -> list[Delivery]:
        """Publish the last bar once more, revised, also after the end; nothing before the first section."""
        if self.last is None:
            return []
        values = dict.fromkeys(self.symbols, 0.75)
        return [self._sent(signals(self.bar, values, revision=self.last.revision + 1, journal=self.journal))]

    def end(self) -> list[Delivery]:
        """Say that nothing follows, once of each bar."""
        if self.ended == self.bar:
            return []
        self.ended = self.bar
        return [self._sent(EndOfStream(self.journal, self.bar, Mode.LIVE))]

    def answer(self, journal: bytes | None, known: Place) -> Answer:
        """What its responder says to a replay request."""
        page = self.outbox.since(TOPIC, journal or b"", known.bar, part=known.part)
        return self.epoch, self.seq + 1 if page.complete else None, [decode(frames) for frames in page.frames]

    def restarted(self) -> Writer:
        """The next incarnation, with the same record."""
        return Writer(
            *(self.epoch + 1, 0, self.journal, self.bar, self.last, self.ended, self.symbols, self.outbox),
            sections=self.sections,
        )

    def renumbered(self) -> None:
        """Go on under a new numbering."""
        self.journal = bytes([self.journal[0] + 1]) * 16
        self.bar, self.last, self.ended, self.symbols = 0, None, None, ()

    def _sent(self, message: Streamed) -> Delivery:
        self.seq += 1
        delivery = Delivery(TOPIC, self.epoch, self.seq, 0, message)
        self.outbox.add(TOPIC, message, encode(delivery))
        if isinstance(message, Signals):
            self.last = message
            self.sections.setdefault(message.journal, []).append(place(message)[1])
        return delivery
