"""`python -m scripts.bench models`: what each kind of model costs, beside its libraries and through a child."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from alphabus.clock import Clock
from common.errors import PipelineError
from common.models.predictor import Predictor
from scripts.bench.model_peers import one_thread, peers_of
from scripts.bench.progress import Step, Track
from scripts.bench.reporting import run
from scripts.bench.round_trip import measure_round_trips, overhead_row, round_trip_rows
from scripts.bench.rows import Row
from scripts.bench.spread import Spread
from scripts.bench.subject import Floats, Shape, Subject
from scripts.bench.subject_models import LEAVES, boosted, linear, perceptron
from scripts.command import Json

SHAPES = (Shape(500, 24), Shape(5000, 158))
HIDDEN = (64, 32)
TREES = 500
LIBRARIES = ("lightgbm", "numba", "numpy", "torch")
SEED = 1
WARM_UP = 3
# Beyond this two ways to score are two models: single precision alone is a hundred times nearer.
AGREEMENT = 1e-2


def models(
    *,
    sections: Annotated[int, typer.Option(min=10, help="Sections a figure.")] = 300,
    quick: Annotated[bool, typer.Option("--quick", help="See that it works; the figures mean little.")] = False,
    json_file: Json = None,
) -> None:
    """Measure every kind of model: our scores beside its library's, one thread each, and the way to a child and back.

    All take turns, section by section, so that whatever else the machine does meets them alike.
    """
    trees, count = (20, 10) if quick else (TREES, sections)
    with one_thread():
        run(lambda bench: measure(bench.folder, trees, count, bench.clock, bench.track), LIBRARIES, json_file)


def measure(folder: Path, trees: int, sections: int, clock: Clock, track: Track) -> list[Row]:
    """All rows, shape by shape, kind by kind."""
    random, rows = np.random.default_rng(SEED), list[Row]()
    for shape in SHAPES:
        for what, make in _kinds(shape, trees, random, track).items():
            subject = Subject.of(folder, shape, make(), random)
            named = f"{shape}, {what}"
            rows += _beside_peers(named, subject, sections, clock, track(named, sections))
            measured = measure_round_trips(subject, sections, clock, track(f"{named}, child", sections))
            rows += [*round_trip_rows(named, measured), overhead_row(named, measured)]
    return rows


def _kinds(shape: Shape, trees: int, random: np.random.Generator, track: Track) -> dict[str, Callable[[], Predictor]]:
    features = shape.features
    return {
        "linear": lambda: linear(features, random),
        f"mlp {' x '.join(map(str, HIDDEN))}": lambda: perceptron(features, HIDDEN, random),
        f"lightgbm {trees} x {LEAVES}": lambda: boosted(features, trees, random, track(f"training {shape}", trees)),
    }


def _beside_peers(what: str, subject: Subject, sections: int, clock: Clock, step: Step) -> list[Row]:
    peers = peers_of(subject.model)
    ways = {"ours": subject.model.predict, **peers}
    for name, score in ways.items():
        _check(what, name, score(subject.sections[0]), subject.model.predict(subject.sections[0]))
    durations: dict[str, list[int]] = {name: [] for name in ways}
    for number in range(WARM_UP + sections):
        features = subject.sections[number % len(subject.sections)]
        for name, score in ways.items():
            started = clock.monotonic_ns()
            score(features)
            durations[name].append(clock.monotonic_ns() - started)
        step()
    found = {name: Spread.of(each[WARM_UP:]).p50 for name, each in durations.items()}
    return [Row.of(f"score, {what}, p50", found["ours"], "ms", peer=name, theirs=found[name]) for name in peers]


def _check(what: str, peer: str, theirs: Floats, ours: Floats) -> None:
    if not np.allclose(np.asarray(theirs, np.float64).reshape(-1), ours, rtol=AGREEMENT, atol=AGREEMENT):
        raise PipelineError(f"{what}: {peer} gives other scores than ours; these figures would compare nothing")
