"""What the monitor knows of the other processes: signs of life, counters over restarts, latencies (pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from alphabus.messages import Heartbeat, Signals
from services.monitor.ring import Ring

STALE_BEATS = 3
REMEMBERED = 10_000  # sections the quantiles are over: memory stays flat over days
QUANTILES = {"p50": 0.5, "p99": 0.99, "max": 1.0}


@dataclass(slots=True)
class Seen:
    """One process: its last heartbeat, when it came (boot time), and the counters of its earlier lives."""

    heartbeat: Heartbeat
    epoch: int
    heard_ns: int
    restarts: int = 0
    earlier: Counter[str] = field(default_factory=Counter)

    @property
    def totals(self) -> Counter[str]:
        """Counters over all its lives: they only grow, so a heartbeat that was missed takes nothing away."""
        return self.earlier + Counter(self.heartbeat.counters)


@dataclass(slots=True)
class Census:
    """Takes heartbeats and signal sections, gives figures; times are of the boot clock: a sleep counts."""

    stale_ns: int
    seen: dict[str, Seen] = field(default_factory=dict)
    latencies: dict[str, Ring] = field(default_factory=dict)
    _stale: set[str] = field(default_factory=set)

    def hear(self, heartbeat: Heartbeat, epoch: int, now_ns: int) -> None:
        """Take a heartbeat; a higher epoch is a restart, a lower one is ignored."""
        known = self.seen.get(heartbeat.service)
        if known is None:
            self.seen[heartbeat.service] = Seen(heartbeat, epoch, now_ns)
        elif epoch > known.epoch:
            self.seen[heartbeat.service] = Seen(heartbeat, epoch, now_ns, known.restarts + 1, known.totals)
        elif epoch == known.epoch:
            known.heartbeat, known.heard_ns = heartbeat, now_ns

    def measure(self, signals: Signals) -> None:
        """Take the latencies of a section, by stage."""
        for stage, spent in signals.latency.items():
            if stage not in self.latencies:
                self.latencies[stage] = Ring(REMEMBERED)
            self.latencies[stage].add(spent)

    def turned(self, now_ns: int) -> tuple[list[str], list[str]]:
        """Processes that have gone silent since the last call, and those of which a word came again."""
        stale = {name for name, seen in self.seen.items() if now_ns - seen.heard_ns > self.stale_ns}
        silent, heard = sorted(stale - self._stale), sorted(self._stale - stale)
        self._stale = stale
        return silent, heard

    def figures(self) -> dict[str, int]:
        """Whole numbers for the monitor's own heartbeat: `SERVICE.counter`, and `latency.STAGE.QUANTILE` in ns."""
        found = {f"{name}.{key}": count for name, seen in self.seen.items() for key, count in seen.totals.items()}
        found |= {f"{name}.restarts": seen.restarts for name, seen in self.seen.items()}
        for stage, spent in self.latencies.items():
            for label, number in zip(QUANTILES, spent.quantiles(*QUANTILES.values()), strict=True):
                found[f"latency.{stage}.{label}"] = number
        return found
