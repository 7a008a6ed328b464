"""Moves messages between the feed, the engine, the executors and the signal topics; the arms decide."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import ClassVar

from alphabus.continuity import Follower, Place
from alphabus.inlet import Inlet
from alphabus.messages import (
    Acknowledge,
    Announcement,
    Delivery,
    EndOfStream,
    Factors,
    Mode,
    Reason,
    Signals,
    Universe,
    universe_digest,
)
from common.config import Policy
from common.errors import PipelineError
from common.service import Context, Service
from services.inference_worker.arms import Action, Arm, Publish, Replace, Submit
from services.inference_worker.board import Board
from services.inference_worker.composition import Spoken, Voice
from services.inference_worker.exchange import Answer, Failed, Ready
from services.inference_worker.roster import Post, Roster
from services.inference_worker.rules import Rules
from services.inference_worker.seat import REASONS, Happened, Seat

CACHE_PATIENCE_NS = 5_000_000_000

OpenSeat = Callable[[Post, Context], Seat]


def _child_seat(post: Post, context: Context) -> Seat:
    """A seat with a child process in it."""
    faults = context.config.inference.faults
    return Seat(post.folder, post.features, dict(os.environ), context.bus.clock, faults)


class InferenceWorker(Service):
    """Publishes one signal section an arm for every section that is announced."""

    name: ClassVar[str] = "inference_worker"

    def __init__(self, context: Context, open_seat: OpenSeat = _child_seat) -> None:
        super().__init__(context)
        self._roster = Roster(self.config, self.clock, self.log)
        posts = self._roster.posts()
        rules = Rules.of(self.config)
        self._arms = {
            name: Arm(Voice(name, self.config.arms[name].capital, post.model), post.features, rules)
            for name, post in posts.items()
        }
        self._seats = {name: open_seat(post, context) for name, post in posts.items()}
        self._topics = {name: self.endpoints.topic("signals", name) for name in posts}
        self._announcements = self.endpoints.topic("announcements")
        self._factors = self.endpoints.topic("factors", next(iter(posts.values())).factor_topic)
        self._board = Board(deadline=self.config.inference.policy is Policy.DEADLINE)
        self._cache = Inlet(context.bus, self.name, "signal_cache", [])
        self._feed = Inlet(context.bus, self.name, "bar_feed", [self._announcements])
        self._engine = Inlet(context.bus, self.name, "factor_engine", [self._factors])
        self._symbols: dict[bytes, tuple[str, ...]] = {}
        self._spoken_universe: dict[str, bytes] = {}
        self._acknowledged_bar = 0
        self._end: EndOfStream | None = None
        self._unready = set(posts)
        self._history_bar = 0
        self._recalling = {self._cache.request("latest", arm=name): name for name in posts}
        self._recall_ends = self.clock.monotonic_ns() + CACHE_PATIENCE_NS

    def handles(self) -> list[object]:
        """Three upstream services, and every child; until the cache has answered, nothing else is read."""
        if self._recalling:
            return self._cache.handles
        links = [handle for inlet in (self._cache, self._feed, self._engine) for handle in inlet.handles]
        return links + [handle for seat in self._seats.values() for handle in seat.handles()]

    def wake_ns(self) -> int | None:
        """The next deadline of an arm, or the next start of a child."""
        times = [arm.wake_ns() for arm in self._arms.values()] + [seat.wake_ns() for seat in self._seats.values()]
        return min((time for time in times if time is not None), default=None)

    def turn(self) -> None:
        """First what was published before this start, then everything as it comes."""
        self._cache.receive()
        if self._recalling and not self._recalled():
            return
        for delivery in self._feed.receive():
            self._take_announcement(delivery)
        for delivery in self._engine.receive():
            self._take_factors(delivery)
        for name, seat in self._seats.items():
            for happened in seat.receive():
                self._take_from_child(name, happened)
        self._step()
        for inlet in (self._feed, self._engine):
            inlet.repeat()

    def acknowledged(self, message: Acknowledge) -> None:
        """The cache has a section, and so all before it; a revision of this one may still be under way to it."""
        if message.consumer == "signal_cache":
            self.outbox.acknowledged(message.topic, message.journal, message.bar - 1)

    def stop(self) -> None:
        """Children first: nothing they answer could be published any more."""
        for seat in self._seats.values():
            seat.close()
        for inlet in (self._feed, self._engine, self._cache):
            inlet.close()
        self._roster.close()

    def _recalled(self) -> bool:
        """Ask the cache what was published last, so that nothing is said twice and `held` has something to hold."""
        for question, name in list(self._recalling.items()):
            answer = self._cache.answer(question)
            if answer is not None:
                del self._recalling[question]
                self._resume(name, [delivery.message for delivery in answer[1]])
            elif not self._cache.awaits(question):
                del self._recalling[question]
                self._recalling[self._cache.request("latest", arm=name)] = name
        if self._recalling and self._board.deadline and self.clock.monotonic_ns() > self._recall_ends:
            self.log.warning("cache_silent", consequence="starting without a previous signal")
            self._recalling.clear()
        if not self._recalling:
            self._go_on()
        return not self._recalling

    def _resume(self, name: str, messages: Iterable[object]) -> None:
        for message in messages:
            if isinstance(message, Universe):
                self._symbols[message.universe] = message.symbols
            if isinstance(message, Signals):
                arm = self._arms[name]
                arm.previous, arm.last_bar = Spoken.of(message), message.bar
                self._board.journal = self.journal = message.journal
                self.log.info("resumed", arm=name, bar=message.bar)

    def _go_on(self) -> None:
        bar = min(arm.last_bar for arm in self._arms.values())
        if bar:
            journal = self._board.journal
            self._feed.resume(self._announcements, Follower(self._announcements, journal, Place(bar, 2)))
            self._engine.resume(self._factors, Follower(self._factors, journal, Place(bar, 1)))

    def _take_announcement(self, delivery: Delivery) -> None:
        message = delivery.message
        if isinstance(message, EndOfStream):
            self._end = message
        elif isinstance(message, Announcement):
            self._meet(message.journal)
            if message.mode is Mode.HISTORY:
                self._pass_history(message)
                return
            section = self._board.announce(message, self.clock.monotonic_ns(), on_record=delivery.seq == 0)
            for arm in self._arms.values():
                arm.add(section)

    def _pass_history(self, message: Announcement) -> None:
        """History asks for no signal; but as long as a child loads, the feed is kept from running far ahead."""
        self.bar = self._history_bar = message.bar
        if not self._unready:
            self._feed.acknowledge(self._announcements, message.journal, message.bar)

    def _meet(self, journal: bytes) -> None:
        if journal != self._board.journal:
            if any(self._board.journal):
                self.log.warning("new_journal", journal=journal.hex())
                for arm in self._arms.values():
                    arm.forget()
            self._board.restart(journal)
            self._spoken_universe.clear()
            self.journal, self.bar, self._acknowledged_bar = journal, 0, 0

    def _take_factors(self, delivery: Delivery) -> None:
        message = delivery.message
        if isinstance(message, Universe):
            self._symbols[message.universe] = message.symbols
        elif isinstance(message, Factors) and message.mode is not Mode.HISTORY:
            waited = max(self.clock.wall_ns() - delivery.sent, 0)
            latency = {**message.latency, "engine_to_worker": waited}
            self._board.fill(replace(message, latency=latency), self.clock.monotonic_ns())

    def _take_from_child(self, name: str, happened: Happened) -> None:
        arm, seat = self._arms[name], self._seats[name]
        match happened:
            case Ready():
                self.log.info("executor_ready", arm=name, pid=seat.pid, start=seat.starts, scorer=happened.scorer)
                self._tell_refusal(name, happened)
                arm.ready()
                self._unready.discard(name)
                if not self._unready and self._history_bar:
                    self._feed.acknowledge(self._announcements, self.journal, self._history_bar)
                    self._history_bar = 0  # once: from here on the cache's word is awaited
            case Answer(values=values):
                self._do(name, arm.answered(values, self.clock.monotonic_ns(), gap=self._engine.behind))
            case Failed(cause=cause, reason=reason):
                arm.failed(REASONS[cause])
                self._replace(name, REASONS[cause], reason)

    def _step(self) -> None:
        now = self.clock.monotonic_ns()
        for name, arm in self._arms.items():
            self._do(name, arm.step(now, gap=self._engine.behind))
        done = min(arm.last_bar for arm in self._arms.values())
        self._board.drop_up_to(done)
        self.bar = max(self.bar, done)
        self._acknowledge(done)
        if self._end is not None and all(arm.done for arm in self._arms.values()):
            self._say_end(self._end)

    def _acknowledge(self, done: int) -> None:
        """What all arms are done with and the cache has, neither feed nor engine will be asked for again."""
        cached = [self.outlet.lowest_acknowledged(it, ["signal_cache"], self.journal) for it in self._topics.values()]
        bar = min(done, *cached)
        if bar > self._acknowledged_bar:
            self._acknowledged_bar = bar
            self._feed.acknowledge(self._announcements, self.journal, bar)
            self._engine.acknowledge(self._factors, self.journal, bar)

    def _say_end(self, end: EndOfStream) -> None:
        self._end = None
        for topic in self._topics.values():
            self.publish(topic, end)
        self.log.info("end_of_stream", bar=end.bar)

    def _do(self, name: str, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Publish(signals=signals):
                    self._publish(name, signals)
                case Submit(factors=factors, attempt=attempt):
                    self._seats[name].submit(factors, attempt)
                case Replace(reason=reason):
                    self._replace(name, reason, "given up by the arm")

    def _replace(self, name: str, reason: Reason, detail: str) -> None:
        pid = self._seats[name].pid
        self._seats[name].replace()
        self.counters.add(f"executor_{reason}")
        self.log.warning("executor_replaced", arm=name, pid=pid, reason=reason.value, detail=detail)
        self.outlet.alert("warning", "executor_replaced", arm=name, reason=reason.value, detail=detail[:1000])

    def _tell_refusal(self, name: str, ready: Ready) -> None:
        """The library scores although something is faster: worth a line, and if it had other bits, a person."""
        if ready.refusal:
            self.log.warning("scorer_refused", arm=name, scorer=ready.scorer, reason=ready.refusal)
        if ready.alarming:
            self.outlet.alert("warning", "scorer_refused", arm=name, scorer=ready.scorer, detail=ready.refusal)

    def _symbols_of(self, digest: bytes) -> tuple[str, ...]:
        if digest == universe_digest(()):
            return ()
        if digest not in self._symbols:
            raise PipelineError(f"no universe message named {digest.hex()[:16]} came before its section")
        return self._symbols[digest]

    def _publish(self, name: str, signals: Signals) -> None:
        topic = self._topics[name]
        if self._spoken_universe.get(name) != signals.universe:
            self._spoken_universe[name] = signals.universe
            symbols = self._symbols_of(signals.universe)
            self.publish(topic, Universe(signals.journal, signals.bar, signals.universe, symbols))
        self.publish(topic, signals)
        self.counters.add(f"signals_{signals.status}")
        if not signals.reason:
            self._roster.record(signals)
        else:
            self.log.info(
                "not_fresh", arm=name, bar=signals.bar, status=signals.status.value, reason=signals.reason.value
            )
