"""Moves sections: bars in, factors out, an acknowledgement back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import ClassVar

from alphabus.inlet import Inlet
from alphabus.messages import Acknowledge, Bars, Delivery, EndOfStream, Mode, Universe
from common.factors.plan import compile_set
from common.factors.sets import FactorSet, load_set
from common.service import Context, Service
from services.factor_engine.desk import Desk


class FactorEngine(Service):
    """Applies every section of the feed's journal in order; publishes what is not history."""

    name: ClassVar[str] = "factor_engine"

    def __init__(self, context: Context, find_set: Callable[[str], FactorSet] = load_set) -> None:
        super().__init__(context)
        plan = compile_set(find_set(self.config.factors.set))
        self._topic = self.endpoints.topic("factors", f"{self.config.factors.name}.{plan.digest.hex()[:8]}")
        self._bars = self.endpoints.topic("bars")
        self._desk = Desk(plan)
        self._inlet = Inlet(context.bus, self.name, "bar_feed", [self._bars])
        self._universe = bytes(16), b""  # of which journal, and which
        self.log.info("plan", set=self.config.factors.set, digest=plan.digest.hex(), factors=len(plan.names))

    def handles(self) -> list[object]:
        """The feed's two ends."""
        return self._inlet.handles

    def turn(self) -> None:
        """Apply what came."""
        for delivery in self._inlet.receive():
            self._take(delivery)
        self._inlet.repeat()

    def acknowledged(self, message: Acknowledge) -> None:
        """Forget factors the worker is done with."""
        self.outbox.acknowledged(message.topic, message.journal, message.bar)

    def stop(self) -> None:
        """Let go of the feed."""
        self._inlet.close()

    def _take(self, delivery: Delivery) -> None:
        match delivery.message:
            case Universe() as universe:
                self._desk.learn(universe)
            case Bars() as bars:
                self._apply(bars, delivery.sent)
            case EndOfStream() as end:
                self.publish(self._topic, end)

    def _apply(self, bars: Bars, sent: int) -> None:
        started, waited = self.clock.monotonic_ns(), max(self.clock.wall_ns() - sent, 0)
        factors = self._desk.update(bars)
        spent = self.clock.monotonic_ns() - started
        if bars.mode is not Mode.HISTORY:
            self._announce_universe(bars)
            self.publish(self._topic, replace(factors, latency={"feed_to_engine": waited, "factors": spent}))
        self.journal, self.bar = bars.journal, bars.bar
        self.counters.add(f"sections_{bars.mode}")
        self._inlet.acknowledge(self._bars, bars.journal, bars.bar)

    def _announce_universe(self, bars: Bars) -> None:
        if (bars.journal, bars.universe) != self._universe:
            self._universe = bars.journal, bars.universe
            symbols = self._desk.symbols(bars.universe)
            self.publish(self._topic, Universe(bars.journal, bars.bar, bars.universe, symbols))
