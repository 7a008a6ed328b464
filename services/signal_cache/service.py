"""Moves signals to the record, acknowledges them, and answers `latest`, `at` and `history`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, ClassVar

from alphabus.asked import argument, named_journal
from alphabus.inlet import Inlet
from alphabus.lookup import PRECOMPUTED
from alphabus.messages import Delivery, Message, Mode, Request, Signals, Streamed, Universe
from alphabus.outbox import CHUNK, Page
from common.errors import NoRoomError
from common.market.journal import Journal
from common.message_log import UNIVERSE, MessageLog
from common.room import Room
from common.service import Context, Service
from services.signal_cache.attic import Attic
from services.signal_cache.readable import Readable
from services.signal_cache.shelf import Shelf

if TYPE_CHECKING:
    from services.signal_cache.precomputed import Precomputed


class SignalCache(Service):
    """Follows the signals of every arm; it is a replica, never a hop."""

    name: ClassVar[str] = "signal_cache"

    def __init__(self, context: Context) -> None:
        self._precomputed = _read_ahead(context)  # first: a wrong file is refused before anything is bound
        super().__init__(context)
        waits = self.config.feed.on_full == "wait"
        self._room = Room(self.clock, self.log, self.counters, self.outlet.alert, waits=waits)
        self._lost = False  # something did not fit, so that nothing after it is taken
        self._attic = Attic(context.state / "signals")
        self._shelves = {arm: self._shelf(arm) for arm in self.config.signal_names}
        self._by_topic = {shelf.topic: (arm, shelf) for arm, shelf in self._shelves.items()}
        self._inlet = Inlet(context.bus, self.name, "inference_worker", list(self._by_topic))
        for shelf in self._shelves.values():
            self._inlet.resume(shelf.topic, shelf.follower())
            if shelf.latest is not None:  # the worker may have restarted, too, and wait for this word
                self._inlet.acknowledge(shelf.topic, shelf.latest.journal, shelf.bar)

    def handles(self) -> list[object]:
        """The worker's two ends."""
        return self._inlet.handles

    @property
    def links(self) -> Mapping[str, str]:
        """To the worker."""
        return {self._inlet.service: self._inlet.state}

    def run_once(self) -> None:
        """Hear what came before anybody is answered: a worker that starts is to know the last words of the one before.

        Or it would say them again, with other values under the same number. What may be synced behind is synced when
        all else is done, so that the worker, who asks and who watches wait for no more than the sync before.
        """
        self.hear()
        super().run_once()
        for shelf in self._shelves.values():
            shelf.settle()

    def hear(self) -> None:
        """Put what came on record, and tell the worker."""
        for delivery in self._inlet.receive():
            self._put(delivery)
        self._inlet.repeat()
        self.bar = min(shelf.bar for shelf in self._shelves.values())
        self.counters.set("ended", int(all(shelf.ended for shelf in self._shelves.values())))

    def turn(self) -> None:
        """Ask again for what did not fit."""
        if self._lost and self._room.may_try:
            self._ask_again()

    def answer(self, request: Request) -> Page:
        """`latest` (arm), `at` (arm, time), `history` (arm, from, to, journal): a chunk; ask on from its end."""
        shelf = self._asked(request)
        if request.verb == "latest":
            found: list[Streamed | None] = [shelf.universe, shelf.latest]
            return self._page(shelf, [message for message in found if message is not None])
        if request.verb == "at":
            return self._page(shelf, list(shelf.around(argument(request, "time"))))
        if request.verb == "history":
            return self._page(shelf, list(islice(_history(shelf, request), CHUNK)))
        return super().answer(request)

    def stop(self) -> None:
        """Close the links, then the records."""
        self._inlet.close()
        for shelf in self._shelves.values():
            shelf.close()

    def _shelf(self, arm: str) -> Shelf:
        return Shelf(self.endpoints.topic("signals", arm), self._record(arm), self._attic.journals(arm))

    def _record(self, arm: str) -> MessageLog:
        return MessageLog(Journal.open(self._attic.present(arm), sync=self.config.feed.sync, landmark=UNIVERSE))

    def _put(self, delivery: Delivery) -> None:
        """On record; once the disk is full nothing is, and the worker sends it again: to hold it would cost memory."""
        if self._lost:
            return
        try:
            self._take(delivery.topic, delivery.message)
        except NoRoomError as error:
            self._room.refused(error)
            self._lost = True

    def _ask_again(self) -> None:
        self._lost = False
        for shelf in self._shelves.values():
            self._inlet.resume(shelf.topic, shelf.follower())

    def _take(self, topic: str, message: Message) -> None:
        if not isinstance(message, Streamed):
            return
        arm, shelf = self._by_topic[topic]
        # A list of symbols alone begins no numbering: the record is of the one before until a section follows.
        left = None if isinstance(message, Universe) else shelf.numbering
        if left not in (None, message.journal):
            shelf = self._begin_anew(arm, shelf, left)
        if not shelf.take(message):
            return
        self._room.found()
        if isinstance(message, Signals):
            self.counters.add(f"sections_{arm}")
            self.counters.add(f"signals_{message.status}")
            self.journal = message.journal
        self._inlet.acknowledge(topic, message.journal, message.bar)

    def _begin_anew(self, arm: str, shelf: Shelf, left: bytes) -> Shelf:
        """Another numbering: its bars are not those of the record so far, which is put aside under its journal's id."""
        shelf.close()
        aside = self._attic.put_aside(arm, left)
        self.log.warning("new_journal", arm=arm, put_aside=left.hex(), folder=str(aside))
        self._shelves[arm] = anew = shelf.begun_anew(self._record(arm))
        self._by_topic[shelf.topic] = arm, anew
        return anew

    def _asked(self, request: Request) -> Readable:
        arm = request.arguments.get("arm", "champion")
        known: dict[str, Readable] = {**self._shelves, **self._precomputed}
        if not isinstance(arm, str) or arm not in known:
            raise LookupError(f"no arm {arm!r:.60}; there is {', '.join(known)}")
        return known[arm]

    def _page(self, shelf: Readable, messages: list[Streamed]) -> Page:
        return Page([self.outlet.frames_of(shelf.topic, message) for message in messages], complete=True)


def _history(shelf: Readable, request: Request) -> Iterator[Streamed]:
    """Of the bars asked for. Who names a numbering gets what follows in it, and the end.

    One that was left is followed by all of the present one; one that never was on record has not begun here.
    """
    # Any whole number that travels: who counts back from the newest may ask from before the first.
    first, last = argument(request, "from", 0, of="time"), argument(request, "to", 2**62, of="time")
    journal = named_journal(request)
    if journal == b"":
        yield from shelf.history(first, last)
    elif journal == shelf.numbering or journal in shelf.left:
        yield from shelf.history(first if journal == shelf.numbering else 0, last)
        if shelf.end is not None and shelf.end.bar <= last:
            yield shelf.end


def _read_ahead(context: Context) -> dict[str, Precomputed]:
    """What was computed ahead, under the name of its arm; raises ConfigError for a file that is not for us."""
    config, path = context.config, context.config.cache.precomputed
    if path is None:
        return {}
    from services.signal_cache.admission import admit  # noqa: PLC0415  polars, for few instances
    from services.signal_cache.precomputed import Precomputed  # noqa: PLC0415  polars, for few instances

    # A section that no client of this instance takes would be of no use: its mode is theirs.
    mode = Mode.LIVE if config.feed.source.kind == "generated" else Mode.REPLAY
    file = admit(path, config, context.bus.clock.wall_ns)
    found = Precomputed(config.endpoints.topic("signals", PRECOMPUTED), file, mode)
    context.counters.set(f"sections_{PRECOMPUTED}", len(found))
    return {PRECOMPUTED: found}
