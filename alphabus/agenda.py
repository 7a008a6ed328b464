"""What the bar feed says is due: which section closes when, and whether a signal is overdue."""

from __future__ import annotations

from alphabus.bus import Bus
from alphabus.clock import Clock
from alphabus.codec import decode
from alphabus.errors import DecodeError
from alphabus.inlet import Inlet
from alphabus.messages import Announcement, Delivery, EndOfStream, Heartbeat, Message, Phase
from alphabus.sockets import Channel

MAX_DUE = 1024
REMEMBERED = 64
FEED = "bar_feed"
ASK_AGAIN_NS = 200_000_000


class Agenda:
    """Hears the feed's announcements; a late joiner asks which section is due next."""

    def __init__(self, bus: Bus, name: str, grace_ns: int) -> None:
        """Connect; raises EndpointError."""
        endpoints = bus.endpoints
        self._feed = Inlet(bus, name, FEED, [])
        topics = [endpoints.topic("announcements"), endpoints.topic("health", FEED)]
        self._live: Channel = bus.transport.subscriber(endpoints.live(FEED), topics)
        self._watch, self._clock, self._epoch = DueWatch(bus.clock, grace_ns), bus.clock, 0
        self._end: EndOfStream | None = None
        self._ask()

    @property
    def handles(self) -> list[object]:
        """What a poller waits on."""
        return [self._live.handle, *self._feed.handles]

    @property
    def overdue(self) -> bool:
        """Whether an announced section is past due and no signal for it came."""
        return self._watch.overdue

    @property
    def stale(self) -> bool:
        """Whether nothing at all came from the feed for three heartbeats: then nobody knows what is due."""
        return self._feed.stale

    def receive(self) -> None:
        """Hear what there is; never blocks."""
        while (frames := self._live.receive()) is not None:
            try:
                self._hear(decode(frames))
            except DecodeError:
                continue
        self._feed.receive()
        if (answer := self._feed.answer(self._question)) is not None:
            for delivery in answer[1]:
                self._hear(delivery)

    def met(self, journal: bytes, bar: int) -> None:
        """A signal of this bar came: it and those before it are awaited no more."""
        self._watch.met(journal, bar)

    def end(self, end: EndOfStream | None) -> None:
        """Hear from the signals that they end, once for each end: the feed's own word may be lost on the way."""
        if end is not None and end is not self._end:
            self._end = end
            self._watch.end(end)

    def announced(self, time: int) -> Announcement | None:
        """The last section announced that closes at `time` (ns) or before; if it is one before, the feed is asked."""
        found = self._watch.announced(time)
        if (found is None or found.time < time) and self._clock.monotonic_ns() - self._asked_ns >= ASK_AGAIN_NS:
            self._ask()
        return found

    def close(self) -> None:
        """Let go of both ends."""
        self._live.close()
        self._feed.close()

    def _hear(self, delivery: Delivery) -> None:
        """A writer whose time is over is not heard: what it numbered would be awaited for ever."""
        if delivery.epoch >= self._epoch:
            self._epoch = delivery.epoch
            self._watch.hear(delivery.message)

    def _ask(self) -> None:
        self._question, self._asked_ns = self._feed.request("due"), self._clock.monotonic_ns()


class DueWatch:
    """Remembers the announcements no signal has met yet, and whether the oldest of them is overdue (pure)."""

    def __init__(self, clock: Clock, grace_ns: int) -> None:
        self._clock, self._grace_ns = clock, grace_ns
        self._journal = b""
        self._due: dict[int, int] = {}  # bar -> monotonic ns, in order
        self._lately: dict[int, Announcement] = {}  # by close time
        self._met: dict[bytes, int] = {}  # journal -> highest bar that has a signal, also before it was announced

    @property
    def overdue(self) -> bool:
        """By the monotonic clock: a machine that slept has not waited."""
        oldest = next(iter(self._due.values()), None)
        return oldest is not None and self._clock.monotonic_ns() > oldest + self._grace_ns

    def hear(self, message: Message) -> None:
        """Take note of a section that is due; another journal forgets the old one's, the end what is behind it.

        A sign of life names the journal as well: the announcements of a new one may be lost.
        """
        if isinstance(message, EndOfStream):
            self._number(message.journal)  # the feed is done, and the worker may be dead: what closed is still awaited
            self.end(message)
        elif isinstance(message, Heartbeat):
            self._number(message.journal)
        elif isinstance(message, Announcement) and message.phase is Phase.DUE:
            self._number(message.journal)
            self._lately[message.time] = message
            if len(self._lately) > REMEMBERED:
                del self._lately[min(self._lately)]
            is_met = message.bar <= self._met.get(message.journal, 0)
            if not is_met and len(self._due) < MAX_DUE:  # only the oldest counts; the newest may go untold
                self._due.setdefault(message.bar, self._clock.monotonic_ns() + message.due_in_ns)

    def end(self, end: EndOfStream) -> None:
        """Forget what was announced behind the end of a numbering, if that is ours."""
        if end.journal == self._journal:
            self._due = {waiting: due for waiting, due in self._due.items() if waiting <= end.bar}

    def _number(self, journal: bytes) -> None:
        if journal != self._journal:
            self._journal, self._due, self._lately = journal, {}, {}

    def met(self, journal: bytes, bar: int) -> None:
        """A signal of this bar came: it and those before it are awaited no more, though they be announced again."""
        self._met[journal] = max(bar, self._met.pop(journal, 0))
        if len(self._met) > REMEMBERED:
            del self._met[next(iter(self._met))]
        if journal == self._journal:
            self._due = {waiting: due for waiting, due in self._due.items() if waiting > bar}

    def announced(self, time: int) -> Announcement | None:
        """The last section that closes at `time` (ns) or before, of those announced lately."""
        return max((it for it in self._lately.values() if it.time <= time), key=lambda it: it.time, default=None)
