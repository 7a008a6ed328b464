"""What it costs to ask a child: submit to answer, beside the same model asked directly, and one copy of the features."""

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
from services.inference_worker.exchange import Answer
from services.inference_worker.executor import Executor

WARM_UP = 5
ALLOWANCE_MS = 1.5


@dataclass(frozen=True, slots=True)
class Measured:
    """Durations in ns, one of each a section; all four of a section are taken right after one another."""

    copied: list[int] = field(default_factory=list)
    direct: list[int] = field(default_factory=list)
    handed: list[int] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)

    @property
    def overhead(self) -> list[int]:
        """Child less direct, pair by pair: what else the machine did meets both sides alike."""
        return [answered - direct for answered, direct in zip(self.answered, self.direct, strict=True)]


def measure_round_trips(subject: Subject, trees: int, sections: int, clock: Clock, step: Step) -> list[Row]:
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
    return _rows(f"{subject.shape}, {trees} trees", measured)


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
    # As the worker hands them over: a list of columns.
    columns = list(features)
    started = clock.monotonic_ns()
    executor.submit(columns, bar=1)
    handed = clock.monotonic_ns()
    await_message(executor, clock)
    measured.handed.append(handed - started)
    measured.answered.append(clock.monotonic_ns() - started)


def _rows(what: str, measured: Measured) -> list[Row]:
    child, direct = Spread.of(measured.answered), Spread.of(measured.direct)
    copied, handed, overhead = Spread.of(measured.copied), Spread.of(measured.handed), Spread.of(measured.overhead)
    beside = {"peer": "one copy of the features", "theirs": copied.p50}
    goal = ALLOWANCE_MS + copied.p50
    return [
        Row.of(f"child round trip p50, {what}", child.p50, "ms", peer="direct call", theirs=direct.p50),
        Row.of(f"child round trip p99, {what}", child.p99, "ms", peer="direct call", theirs=direct.p99),
        Row.of(f"child overhead p50, {what}", overhead.p50, "ms", **beside, goal=goal),
        Row.of(f"of it handing over p50, {what}", handed.p50, "ms", **beside),
    ]
