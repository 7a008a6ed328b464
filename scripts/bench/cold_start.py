"""How long a new child takes to be ready: interpreter, imports, bundle, golden answers."""

import os
import subprocess
import sys

from alphabus.clock import Clock
from common.amounts import amount
from scripts.bench.child import await_message, starting
from scripts.bench.progress import Step
from scripts.bench.rows import Row
from scripts.bench.spread import Spread
from scripts.bench.subject import Subject

IMPORT = "import lightgbm"


def measure_cold_starts(subject: Subject, trees: int, starts: int, clock: Clock, step: Step) -> list[Row]:
    """Start so many children one after the other, each beside a bare interpreter that imports LightGBM."""
    ours, bare = [], []
    for _ in range(starts):
        ours.append(_start(subject, clock))
        bare.append(_import(clock))
        step()
    child, theirs = Spread.of(ours), Spread.of(bare)
    what = f"cold start, {amount(trees, 'tree')}, {amount(starts, 'start')}"
    return [
        Row.of(f"{what}, p50", child.p50, "ms", peer=IMPORT, theirs=theirs.p50),
        Row.of(f"{what}, max", child.longest, "ms", peer=IMPORT, theirs=theirs.longest),
    ]


def _start(subject: Subject, clock: Clock) -> int:
    started = clock.monotonic_ns()
    with starting(subject.folder, os.environ) as executor:
        await_message(executor, clock)
        return clock.monotonic_ns() - started


def _import(clock: Clock) -> int:
    started = clock.monotonic_ns()
    subprocess.run([sys.executable, "-c", IMPORT], check=True, stdin=subprocess.DEVNULL)
    return clock.monotonic_ns() - started
