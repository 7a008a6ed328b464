"""Bars to factors by the engine's desk, and no snapshot of its state."""

from __future__ import annotations

from dataclasses import replace

from alphabus.clock import Clock
from alphabus.messages import Bars, Delivery, Factors, Mode, Universe
from common.config import Config
from common.factors.plan import compile_set
from common.factors.sets import load_set
from scripts.bench.bus_bare_disk import NoDisk
from scripts.bench.bus_bare_link import BareLinks, BareStage, heard
from services.factor_engine.desk import Desk
from services.factor_engine.sections import Listings
from services.factor_engine.wishes import plan_name


class BareEngine(BareStage):
    """Applies every section that comes."""

    def __init__(self, config: Config, clock: Clock, links: BareLinks, disk: NoDisk) -> None:
        super().__init__(config, clock, links, disk)
        plan = compile_set(load_set(config.factors.set))
        self._topic = self.endpoints.topic("factors", plan_name(config.factors.name, plan.digest.hex()))
        self._listings, self._desk = Listings(), Desk(plan)
        self._said = b""
        links.bind("factor_engine")
        self._bars = links.connect("bar_feed", self.endpoints.topic("bars"))

    def joined(self) -> bool:
        """The worker hears factors."""
        return self.links.is_heard_by(1)

    def handles(self) -> list[object]:
        """The feed."""
        return [self._bars]

    def turn(self) -> None:
        """Every section that is there."""
        for delivery in heard(self._bars):
            if isinstance(delivery.message, Universe):
                self._listings.learn(delivery.message)
            elif isinstance(delivery.message, Bars):
                self._apply(delivery, delivery.message)

    def _apply(self, delivery: Delivery, bars: Bars) -> None:
        started, waited = self.clock.monotonic_ns(), max(self.clock.wall_ns() - delivery.sent, 0)
        factors = self._desk.update(bars, self._listings.of(bars).symbols)
        latency = {"feed_to_engine": waited, "factors": self.clock.monotonic_ns() - started}
        if bars.mode is not Mode.HISTORY:
            self._publish(replace(factors, latency=latency))

    def _publish(self, factors: Factors) -> None:
        if factors.universe != self._said:
            self._said = factors.universe
            self.links.publish(self._topic, self._listings.of(factors))
        self.links.publish(self._topic, factors)
