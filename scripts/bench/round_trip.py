"""What it costs to ask a child: submit to answer, beside the same model asked here, and one copy of the features."""

import os
from dataclasses import dataclass, field

import numpy as np

from alphabus.clock import Clock
from common.errors import PipelineError
from scripts.bench.child import await_message, ready
from scripts.bench.progress import Step
from scripts.bench.rows import Row
from scripts.bench.spread import Spread
from scripts.bench.subject import Floats, Subject
from services.inference_worker.executor.exchange import Answer
from services.inference_worker.executor.executor import Executor

WARM_UP = 5
ALLOWANCE_MS = 1.5


@dataclass(frozen=True, slots=True)
class Measured:
    """Durations in ns, one of each a section; all three of a section are taken right after one another."""

    copied: list[int] = field(default_factory=list)
    direct: list[int] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)

    @property
    def overhead(self) -> list[int]:
        """Child less direct, pair by pair: what else the machine did meets both sides alike."""
        return [answered - direct for answered, direct in zip(self.answered, self.direct, strict=True)]


def measure_round_trips(subject: Subject, sections: int, clock: Clock, step: Step) -> Measured:
    """Score so many sections both ways."""
    measured, room = Measured(), np.empty((subject.shape.features, subject.shape.symbols))
    with ready(subject.folder, os.environ, clock) as executor:
        for number in range(WARM_UP):
            _compare(subject, executor, clock, number)
        for number in range(sections):
            features = subject.sections[number % len(subject.sections)]
            _copy(features, room, clock, measured)
            # Whoever goes second finds the section in the cache.
            sides = [_ask_directly, _ask_child] if number % 2 else [_ask_child, _ask_directly]
            for ask in sides:
                ask(subject, executor, features, clock, measured)
            step()
    return measured


def round_trip_rows(what: str, measured: Measured) -> list[Row]:
    """The whole way, beside a direct call."""
    child, direct = Spread.of(measured.answered), Spread.of(measured.direct)
    return [
        Row.of(f"round trip, {what}, p50", child.p50, "ms", peer="direct call", theirs=direct.p50),
        Row.of(f"round trip, {what}, p99", child.p99, "ms", peer="direct call", theirs=direct.p99),
    ]


def overhead_row(what: str, measured: Measured) -> Row:
    """What the child adds, beside one copy of the features."""
    copied, overhead = Spread.of(measured.copied).p50, Spread.of(measured.overhead).p50
    goal = round(ALLOWANCE_MS + copied, 4)
    return Row.of(f"overhead, {what}, p50", overhead, "ms", peer="one copy", theirs=copied, goal=goal)


def _compare(subject: Subject, executor: Executor, clock: Clock, number: int) -> None:
    """Warm both sides up; PipelineError unless they agree to the bit."""
    features = subject.sections[number % len(subject.sections)]
    executor.submit(features, bar=1)
    answer = await_message(executor, clock)
    if not (isinstance(answer, Answer) and np.array_equal(answer.values, subject.model.predict(features))):
        raise PipelineError("the child's answer differs from the same model's in this process")


def _copy(features: Floats, room: Floats, clock: Clock, measured: Measured) -> None:
    started = clock.monotonic_ns()
    room[...] = features
    measured.copied.append(clock.monotonic_ns() - started)


def _ask_directly(subject: Subject, _executor: Executor, features: Floats, clock: Clock, measured: Measured) -> None:
    started = clock.monotonic_ns()
    subject.model.predict(features)
    measured.direct.append(clock.monotonic_ns() - started)


def _ask_child(_subject: Subject, executor: Executor, features: Floats, clock: Clock, measured: Measured) -> None:
    started = clock.monotonic_ns()
    executor.submit(features, bar=1)
    await_message(executor, clock)
    measured.answered.append(clock.monotonic_ns() - started)
