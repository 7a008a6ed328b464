"""How long the factor engine's process takes from nothing to its first section, with its kernels on disk."""

from pathlib import Path

from alphabus.clock import Clock
from common.amounts import amount
from common.errors import PipelineError
from scripts.bench.factor_asking import Missing, asked
from scripts.bench.factor_market import write_market
from scripts.bench.progress import Track
from scripts.bench.rows import Row
from scripts.bench.spread import Spread

GOAL_MS = 3000.0


def measure_starts(folder: Path, symbols: int, starts: int, clock: Clock, track: Track) -> list[Row]:
    """Interpreter, imports, set, kernels, and a first section of so many symbols; one start before is not counted."""
    write_market(folder / "market.npy", 2, symbols)
    what = f"start to first section, {symbols:,} symbols, {amount(starts, 'start')}"
    step, durations = track(what, starts + 1), []
    for _ in range(starts + 1):
        durations.append(_start(folder, clock))
        step()
    spread = Spread.of(durations[1:])
    return [
        Row.of(f"{what}, p50", spread.p50, "ms", goal=GOAL_MS),
        Row.of(f"{what}, max", spread.longest, "ms", goal=GOAL_MS),
    ]


def _start(folder: Path, clock: Clock) -> int:
    started = clock.monotonic_ns()
    with asked(("ours, a live process",), folder) as (peer,):
        if isinstance(peer, Missing):
            raise PipelineError(peer.why)
        return clock.monotonic_ns() - started
