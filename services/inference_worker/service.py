"""Moves messages between the feed, the engine, the executors and the signal topics; the arms decide."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import ClassVar

from alphabus.inlet import Inlet
from alphabus.messages import Acknowledge, Announcement, Delivery, EndOfStream, Mode, Request, Signals, Universe
from alphabus.outbox import Page
from common.config import Policy
from common.service import Context, Service
from services.inference_worker.board import Board
from services.inference_worker.control import read_order, state_of
from services.inference_worker.crew import OpenSeat, child_seat
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.factor_links import FactorLinks
from services.inference_worker.feed_link import FeedLink
from services.inference_worker.floor import Floor
from services.inference_worker.lineup import line_up
from services.inference_worker.recall import Recall
from services.inference_worker.receipts import Receipts
from services.inference_worker.roster.roster import Roster
from services.inference_worker.station import Station
from services.inference_worker.teller import Teller
from services.inference_worker.voices import Voices

REAP_S = 1.0


class InferenceWorker(Service):
    """Publishes one signal section an arm for every section that is announced."""

    name: ClassVar[str] = "inference_worker"

    def __init__(self, context: Context, open_seat: OpenSeat | None = None) -> None:
        super().__init__(context)
        self._dying, self._teller = Dying(), Teller(self.log, self.counters, self.outlet)
        self._roster = Roster(self.config, self.clock, self._teller.tell)
        seats = open_seat or child_seat(os.environ, self._symbols_of)
        stations = line_up(context, self._roster, seats, self._dying)
        self._floor = Floor(stations, self._roster, self.clock, self._say, self._teller.tell)
        self._board = Board(deadline=self.config.inference.policy is Policy.DEADLINE)
        self._feed = FeedLink(context, self._board)
        engine = Inlet(context.bus, self.name, "factor_engine", [])
        self._factors = FactorLinks(engine, self.endpoints, self._board, self._universes_in_use)
        self._voices = Voices(self.config, self.publish, self.endpoints, self._symbols_of)
        self._receipts = Receipts(self._feed, self._factors, self._cached)
        self._recall = Recall(context, self._voices.names)
        self._end: EndOfStream | None = None
        self._follow_plans()
        self._floor.stand()

    def handles(self) -> list[object]:
        """Feed, engine, and every child; until the cache has answered, it alone is read."""
        if self._recall.pending:
            return self._recall.handles
        return [*self._feed.handles, *self._factors.handles, *self._dying.handles(), *self._floor.handles()]

    def wake_ns(self) -> int | None:
        """The next deadline of an arm, or the next start of a child."""
        return self._floor.wake_ns()

    def turn(self) -> None:
        """First what was published before this start; from then on hear, decide, and pass on."""
        if self._recall.pending and not self._has_recalled():
            return
        self._recall.keep()
        self._hear()
        self._floor.step(self._factors.newest, self._board, self._is_behind)
        self._pass_on()
        self._dying.reap()
        self._roster.ledger.catch_up()

    def stop(self) -> None:
        """Children first: nothing they answer could be published any more."""
        self._floor.close()
        self._dying.reap(REAP_S)
        for link in (self._feed, self._factors, self._recall):
            link.close()
        self._roster.close()

    def acknowledged(self, message: Acknowledge) -> None:
        """The cache has a section, and so all before it; a revision of this one may still be under way to it."""
        if message.consumer == "signal_cache":
            self.outbox.acknowledged(message.topic, message.journal, message.bar - 1)

    def answer(self, request: Request) -> Page:
        """`halt`, `resume`, `open` and `close` (arm or *, why, by): done at once, and kept whatever happens."""
        order = read_order(request, self._floor.stations)
        if not self._floor.obey(order):
            raise ValueError(
                f"{order.verb}: done, but not on record yet, and a restart would forget it: neither the registry nor "
                f"the folder {self.config.state} takes it; both are tried again"
            )
        return Page((), complete=True)

    @property
    def links(self) -> Mapping[str, str]:
        """To the feed, to the engine, and to the cache, which it asks only at start."""
        return {"bar_feed": self._feed.state, "factor_engine": self._factors.state, "signal_cache": self._recall.state}

    @property
    def arms(self) -> Mapping[str, str]:
        """State of each arm: free, or what keeps it from its executor."""
        return {name: state_of(station.arm) for name, station in self._floor.stations.items()}

    def _symbols_of(self, universe: bytes) -> tuple[str, ...]:
        return self._factors.symbols_of(universe)

    # What was before this start.

    def _has_recalled(self) -> bool:
        """Ask the cache what was published last, so that nothing is said twice and `held` has something to hold."""
        for name, message in self._recall.receive():
            self._resume(name, message)
        if self._recall.pending:
            return False
        self._voices.resume()
        if done := self._floor.done:
            self._feed.resume(self._board.journal, done)
            self._factors.resume(self._board.journal, done)
        return True

    def _resume(self, name: str, message: object) -> None:
        if isinstance(message, Universe):
            self._factors.learn(message)
        if isinstance(message, Signals):
            self._voices.recall(message)
            self._board.journal = self.journal = message.journal
            self._floor.resume(name, message)
            self.log.info("resumed", arm=name, bar=message.bar)

    # What comes.

    def _hear(self) -> None:
        """What the feed and the engine say, what people want, and what the children answer."""
        for delivery in self._feed.receive():
            self._take(delivery)
        self._feed.ask()
        self._factors.receive(self.clock)
        self._floor.hear_wishes()
        self._follow_plans()
        self._floor.receive(self._is_behind)

    def _take(self, delivery: Delivery) -> None:
        message = delivery.message
        if isinstance(message, EndOfStream):
            self._end = message
        elif isinstance(message, Announcement):
            self._meet(message.journal)
            if message.mode is Mode.HISTORY:
                self.bar = message.bar  # history asks for no signal
                self._receipts.owe(message.bar)
            else:
                self._floor.add(self._feed.file(message, on_record=delivery.seq == 0))

    def _meet(self, journal: bytes) -> None:
        if journal != self._board.journal:
            if any(self._board.journal):
                self.log.warning("new_journal", journal=journal.hex())
                self._floor.forget()
            self._board.restart(journal)
            self._voices.forget()
            self._receipts.restart()
            self.journal, self.bar = journal, 0

    def _is_behind(self, station: Station) -> bool:
        """Whether what an arm has not heard may have been said: it is no fault of the data, nor of the engine."""
        return self._feed.stood_still or self._factors.is_behind(station)

    def _follow_plans(self) -> None:
        self._factors.follow(self._floor.topics, self._floor.done)

    def _universes_in_use(self) -> Iterator[bytes]:
        yield from self._floor.universes()
        yield from self._board.universes()

    # What goes.

    def _pass_on(self) -> None:
        done = self._floor.done
        self._board.drop_up_to(done)
        self.bar = max(self.bar, done)
        self._receipts.give(self.journal, done, settled=self._floor.settled)
        if self._end is not None and self._floor.owes_nothing:
            self._voices.end(self._end)
            self.log.info("end_of_stream", bar=self._end.bar)
            self._end = None
        self._feed.repeat()
        self._factors.repeat()

    def _cached(self, journal: bytes) -> int:
        topics = self._voices.topics
        return min(self.outlet.lowest_acknowledged(topic, ["signal_cache"], journal) for topic in topics)

    def _say(self, signals: Signals, *, overdue: bool) -> None:
        self._voices.say(signals, overdue=overdue)
        self._teller.note(signals)
