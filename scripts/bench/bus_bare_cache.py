"""The newest signals in memory; on record none, or only to have them on the disk."""

from __future__ import annotations

from array import array
from collections import deque

from alphabus.clock import Clock
from alphabus.codec import encode_record
from alphabus.messages import Signals
from common.config import Config
from scripts.bench.bus_bare_disk import NoDisk
from scripts.bench.bus_bare_link import BareLinks, BareStage, heard
from scripts.bench.bus_gate import Gate
from services.signal_cache.shelf import RECENT


class BareCache(BareStage):
    """Keeps what a cache keeps at hand."""

    def __init__(self, config: Config, clock: Clock, links: BareLinks, disk: NoDisk) -> None:
        super().__init__(config, clock, links, disk)
        self._gate, self._bar = Gate(clock), 0
        self._times, self._bars = array("q"), array("q")
        self._recent: deque[Signals] = deque(maxlen=RECENT)
        topics = [self.endpoints.topic("signals", name) for name in config.signal_names]
        self._signals = links.connect("inference_worker", *topics)

    def handles(self) -> list[object]:
        """The worker, and what it is told."""
        return [self._signals, self._gate]

    def turn(self) -> None:
        """Everything that is there."""
        self._gate.hear()
        before = self._bar
        for delivery in heard(self._signals):
            if isinstance(delivery.message, Signals):
                self._keep(delivery.message)
        self._gate.passed(before, self._bar)
        if self._bar > before:
            self.disk.keep([encode_record(signals) for signals in list(self._recent)[before - self._bar :]])

    def _keep(self, signals: Signals) -> None:
        self._bar = signals.bar
        self._times.append(signals.time)
        self._bars.append(signals.bar)
        self._recent.append(signals)
