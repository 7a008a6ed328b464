"""Moves heartbeats, alerts and signal sections into the census, and its figures into the log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from alphabus.codec import decode
from alphabus.endpoints import SERVICES
from alphabus.errors import DecodeError
from alphabus.inlet import Inlet
from alphabus.messages import Alert, Heartbeat, Signals
from alphabus.sockets import Channel, Received
from common.config import MS
from common.service import Context, Service
from services.monitor.census import STALE_BEATS, Census

REPORT_NS = 10_000 * MS


class Monitor(Service):
    """Watches; nothing depends on it."""

    name: ClassVar[str] = "monitor"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._census = Census(STALE_BEATS * self.config.bus.heartbeat_ms * MS)
        self._views = {name: self._view(name) for name in SERVICES if name != self.name}
        topics = [self.endpoints.topic("signals", arm) for arm in self.config.arms]
        self._signals = Inlet(context.bus, self.name, "inference_worker", topics)
        self._report_ns = self.clock.monotonic_ns() + REPORT_NS

    def handles(self) -> list[object]:
        """A lossy view of everything, and the signals in order."""
        return [view.handle for view in self._views.values()] + self._signals.handles

    @property
    def links(self) -> Mapping[str, str]:
        """To the worker, whose sections it follows; the others it only hears."""
        return {self._signals.service: self._signals.state}

    def turn(self) -> None:
        """Take what came; report now and then."""
        for view in self._views.values():
            while (frames := view.receive()) is not None:
                self._take(frames)
        for delivery in self._signals.receive():
            if isinstance(delivery.message, Signals):
                self._census.measure(delivery.message)
                self.bar, self.journal = delivery.message.bar, delivery.message.journal
        self._tell_turns()
        now = self.clock.monotonic_ns()
        if now >= self._report_ns:
            self._report_ns = now + REPORT_NS
            self.log.info("figures", **self._census.figures())

    def heartbeat(self) -> Heartbeat:
        """The monitor's heartbeat carries the figures of all."""
        for name, value in self._census.figures().items():
            self.counters.set(name, value)
        return super().heartbeat()

    def stop(self) -> None:
        """Write the last figures, then let go."""
        self.log.info("figures", **self._census.figures())
        for view in self._views.values():
            view.close()
        self._signals.close()

    def _tell_turns(self) -> None:
        silent, heard = self._census.turned(self.clock.boot_ns())
        for name in silent:
            self.log.warning("stale", link=name)
            self.outlet.alert("warning", "stale", link=name)
        for name in heard:
            self.log.info("heard_again", link=name)
            self.outlet.alert("info", "heard_again", link=name)

    def _view(self, name: str) -> Channel:
        topics = [self.endpoints.topic("health", name), self.endpoints.topic("alerts", name)]
        return self.context.bus.transport.subscriber(self.endpoints.live(name), topics)

    def _take(self, frames: Received) -> None:
        try:
            delivery = decode(frames)
        except DecodeError as error:
            self.context.bus.refused("view", error, frames)
            return
        if isinstance(delivery.message, Heartbeat):
            self._census.hear(delivery.message, delivery.epoch, self.clock.boot_ns())
        elif isinstance(delivery.message, Alert):
            alert = delivery.message
            told = {"alert": alert.event, "alert_level": alert.level, "detail": dict(alert.detail)}
            self.log.warning("alert", source=alert.service, **told)
