"""Factors to signals by the worker's stations and their children; what was said is forgotten."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace

from alphabus.bus import Bus
from alphabus.clock import Clock
from alphabus.messages import Announcement, Delivery, Factors, Mode, Signals, Universe
from alphabus.sockets import ZmqTransport
from alphabus.universes import Universes
from common.config import Config
from common.counters import Counters
from common.errors import PipelineError
from common.logs import open_log
from common.service import Context
from scripts.bench.bus_bare_disk import NoDisk
from scripts.bench.bus_bare_link import JOURNAL, BareLinks, BareStage, heard
from services.inference_worker.actions import Action, Publish, Told
from services.inference_worker.board import Board
from services.inference_worker.crew import child_seat
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.lineup import line_up
from services.inference_worker.roster.roster import Roster
from services.inference_worker.voices import Voices

SERVICE = "inference_worker"
REAP_S = 1.0


class BareWorker(BareStage):
    """Publishes one section an arm for every section that is announced, as soon as there is an answer."""

    def __init__(self, config: Config, clock: Clock, links: BareLinks, disk: NoDisk) -> None:
        super().__init__(config, clock, links, disk)
        log = open_log(config.logs, SERVICE, config.instance)
        self._dying, self._universes = Dying(), Universes()
        self._roster = Roster(config, clock, _unheard)
        context = Context(config, Bus(config.endpoints, ZmqTransport(), clock), log, Counters(), 1)
        self._stations = line_up(context, self._roster, child_seat(os.environ, self._universes.symbols), self._dying)
        self._board, self._newest = Board(deadline=False), dict[bytes, Factors]()
        self._board.restart(JOURNAL)
        self._voices = Voices(config, links.publish, self.endpoints, self._universes.symbols)
        links.bind(SERVICE)
        topics = {self.endpoints.topic("factors", part) for each in self._stations.values() for _, part in each.topics}
        self._feed = links.connect("bar_feed", self.endpoints.topic("announcements"))
        self._factors = links.connect("factor_engine", *topics)

    def joined(self) -> bool:
        """The cache hears signals, and every child has proven its model."""
        self._attend()
        return self.links.is_heard_by(1) and all(station.loaded for station in self._stations.values())

    def handles(self) -> list[object]:
        """Feed, engine and children."""
        children = [handle for station in self._stations.values() for handle in station.handles()]
        return [self._feed, self._factors, *self._dying.handles(), *children]

    def turn(self) -> None:
        """Everything that came, then what is to be done about it."""
        for delivery in heard(self._feed):
            self._announced(delivery.message)
        for delivery in heard(self._factors):
            self._filled(delivery)
        self._attend()
        for name, station in self._stations.items():
            self._do(name, station.step(self.clock.monotonic_ns(), self._newest, self._board, gap=False))
        self._board.drop_up_to(min(station.arm.last_bar for station in self._stations.values()))

    def close(self) -> None:
        """Children first."""
        for station in self._stations.values():
            station.close()
        self._dying.reap(REAP_S)
        self._roster.close()
        super().close()

    def _attend(self) -> None:
        if next(self._roster.wishes(), None) is not None:
            raise PipelineError("an alias was moved while the path was measured")
        for name, station in self._stations.items():
            self._do(name, station.receive(self.clock.monotonic_ns(), gap=False))
        self._dying.reap()
        self._roster.ledger.catch_up()

    def _announced(self, message: object) -> None:
        if isinstance(message, Announcement) and message.mode is not Mode.HISTORY:
            section = self._board.announce(message, self.clock.monotonic_ns(), on_record=False)
            for station in self._stations.values():
                station.arm.add(section)

    def _filled(self, delivery: Delivery) -> None:
        message = delivery.message
        if isinstance(message, Universe):
            self._universes.learn(message)
        elif isinstance(message, Factors):
            waited = max(self.clock.wall_ns() - delivery.sent, 0)
            filed = replace(message, latency={**message.latency, "engine_to_worker": waited})
            self._newest[filed.plan] = filed
            self._board.fill(filed, self.clock.monotonic_ns())

    def _do(self, name: str, actions: Iterable[Action]) -> None:
        for action in actions:
            match action:
                case Publish(signals=signals):
                    self._say(signals)
                case Told(level="info"):
                    continue
                case _:
                    raise PipelineError(f"arm {name}: {action}: what was to be measured went wrong")

    def _say(self, signals: Signals) -> None:
        self._voices.say(signals)
        if not signals.reason:
            self._roster.ledger.serve(signals)


def _unheard(_arm: str, _told: Told) -> None:
    """Nothing is told to anybody."""
