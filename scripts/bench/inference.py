"""`python -m scripts.bench inference`: what the executor child costs, and what the deadline is worth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from alphabus.clock import Clock
from common.amounts import amount
from scripts.bench.cold_start import measure_cold_starts
from scripts.bench.ending import measure_endings
from scripts.bench.fallback import measure_fallback
from scripts.bench.progress import Track
from scripts.bench.recovery import measure_recovery
from scripts.bench.reporting import run
from scripts.bench.round_trip import measure_round_trips, overhead_row, round_trip_rows
from scripts.bench.rows import Row
from scripts.bench.stage import Stage
from scripts.bench.subject import Shape, Subject
from scripts.bench.subject_models import boosted
from scripts.bench.swapping import measure_swaps
from scripts.command import Json

SHAPES = (Shape(500, 24), Shape(5000, 158))
LIBRARIES = ("lightgbm", "numpy", "pyzmq", "msgpack")
SEED = 1


@dataclass(frozen=True, slots=True)
class Effort:
    """How much is measured: trees of the model, sections a figure, children started, children killed."""

    trees: int
    sections: int
    starts: int
    kills: int


FULL = Effort(trees=500, sections=300, starts=10, kills=5)
QUICK = Effort(trees=50, sections=20, starts=2, kills=1)


def inference(
    *,
    sections: Annotated[int | None, typer.Option(min=10, help="Sections a figure; default 300, quick 20.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="See that it works; the figures mean little.")] = False,
    json_file: Json = None,
) -> None:
    """Measure inference: round trip to a child, deadline to fallback, kill and swap to next fresh, ends, cold start.

    Real components on this machine; nothing is left behind. Otherwise idle machines give the best figures.
    """
    chosen = QUICK if quick else FULL
    effort = Effort(chosen.trees, sections or chosen.sections, chosen.starts, chosen.kills)
    run(lambda bench: measure(bench.folder, effort, bench.clock, bench.track), LIBRARIES, json_file)


def measure(folder: Path, effort: Effort, clock: Clock, track: Track) -> list[Row]:
    """All rows, in the order of the documentation."""
    random, rows = np.random.default_rng(SEED), []
    for shape in SHAPES:
        # One tree shows the way there and back alone; many hide it in their own ups and downs.
        for trees in (1, effort.trees):
            model = boosted(shape.features, trees, random, track(f"training {shape}", trees))
            subject = Subject.of(folder, shape, model, random)
            step = track(f"round trips {shape}", effort.sections)
            measured = measure_round_trips(subject, effort.sections, clock, step)
            what = f"{shape}, {amount(trees, 'tree')}"
            rows += [*round_trip_rows(what, measured), overhead_row(what, measured)]
    stage = Stage.set_up(folder, effort.sections, clock)
    rows += measure_fallback(stage, effort.sections, track("fallbacks", effort.sections))
    rows += measure_recovery(stage, effort.kills, clock, track("kills", 2 * effort.kills))
    rows += measure_swaps(stage, effort.kills, clock, track("swaps", effort.kills))
    rows += measure_endings(subject, stage, effort.kills, clock, track("endings", effort.kills))
    rows += measure_cold_starts(subject, effort.trees, effort.starts, clock, track("cold starts", effort.starts))
    return rows
