"""What the guarantees cost from the feed to the cache: every policy beside the path without them, in turns.

And what two syncs a section cost by themselves: no journal that loses one section at most costs less on that disk.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from alphabus.clock import Clock
from alphabus.sockets import wait_on
from scripts.bench.bus_market import HISTORY, Market
from scripts.bench.bus_path import BARE, POLICIES, WAYS, Way, bare, guarded
from scripts.bench.progress import Step
from scripts.bench.rows import Row
from scripts.bench.spread import Spread

WARM_UP = 40
PROMISED_POLICY, PROMISED_COST = "behind", 0.15
PACE_NS = 25_000_000


@dataclass(frozen=True, slots=True)
class Turns:
    """How often each way has its turn, of how many sections at full speed, and how many one by one."""

    count: int
    flood: int
    single: int

    @property
    def sections(self) -> int:
        """What the market must last for."""
        return WARM_UP + self.count * (self.flood + self.single) + 1


@dataclass(slots=True)
class Measured:
    """Of one way: ns a section at full speed and ns of computing a section, by turn; ns of single sections."""

    flood: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    single: list[int] = field(default_factory=list)


def measure_cost(market: Market, turns: Turns, clock: Clock, step: Step) -> list[Row]:
    """All ways stand ready; the one whose turn it is goes on, and the order of the turns rotates."""
    with ExitStack() as held:
        paths = []
        for made in (bare(market), bare(market, disk=True), *(guarded(market, name) for name in POLICIES)):
            paths.append(held.enter_context(made))
            # One after the other: twenty processes that start at once would starve each other.
            paths[-1].go_on(HISTORY + WARM_UP)
        found = {path.name: Measured() for path in paths}
        for turn in range(turns.count):
            first = turn % len(paths)
            for path in paths[first:] + paths[:first]:
                _flood(path, turns.flood, found[path.name])
                _single(path, turns.single, found[path.name], clock)
                step()
    return [row for name in WAYS if name != BARE for row in _rows(market, name, found[name], found[BARE])]


def _flood(path: Way, sections: int, measured: Measured) -> None:
    computed = path.cpu_ns()
    taken, kept = path.go_on(sections)
    measured.flood.append((kept[-1] - taken[0]) / sections)
    measured.cpu.append((path.cpu_ns() - computed) / sections)


def _single(path: Way, sections: int, measured: Measured, clock: Clock) -> None:
    for _ in range(sections):
        began = clock.monotonic_ns()
        (taken,), (kept,) = path.go_on(1)
        measured.single.append(kept - taken)
        wait_on((), max(began + PACE_NS - clock.monotonic_ns(), 0))


def _rows(market: Market, name: str, ours: Measured, without: Measured) -> list[Row]:
    what, promised = f"path, {market.shape}, {name}", name == PROMISED_POLICY
    mine, theirs = Spread.of(ours.single), Spread.of(without.single)
    rate, other = _rate(ours.flood), _rate(without.flood)
    least = round(other * (1 - PROMISED_COST), 1) if promised else None
    most = round(theirs.p50 * (1 + PROMISED_COST), 4) if promised else None
    cpu, bare_cpu = (round(median(each) / 1e6, 4) for each in (ours.cpu, without.cpu))
    return [
        Row.of(f"{what}, throughput", rate, "sections/s", peer=BARE, theirs=other, goal=least, more_is_better=True),
        Row.of(f"{what}, latency p50", mine.p50, "ms", peer=BARE, theirs=theirs.p50, goal=most),
        Row.of(f"{what}, latency p99", mine.p99, "ms", peer=BARE, theirs=theirs.p99),
        Row.of(f"{what}, computing a section", cpu, "ms", peer=BARE, theirs=bare_cpu),
    ]


def _rate(ns_a_section: Sequence[float]) -> float:
    return round(1e9 / median(ns_a_section), 1)
