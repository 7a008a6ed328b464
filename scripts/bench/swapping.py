"""From moving an alias until the worker has seen it, and to the first fresh signal of the model it means now."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from alphabus.clock import Clock
from alphabus.messages import Status
from common.amounts import amount
from common.models.bundle import Bundle
from common.models.records import ModelRef
from common.models.registry import Registry
from scripts.bench.progress import Step
from scripts.bench.rows import Row
from scripts.bench.spread import Spread
from scripts.bench.stage import PACE_S, Act, Stage

BY = "bench"
SEEN_MS = 1000.0
WORK_MS = 200.0
"""What a rollback may take beside the wait for the next section."""
SEEN = "swap_begins"
"""What the worker logs when it has seen it."""


@dataclass(frozen=True, slots=True)
class Swapped:
    """From moving the alias: until the worker said that it had seen it, and until the model spoke; ns."""

    seen: int
    spoke: int


def measure_swaps(stage: Stage, swaps: int, clock: Clock, step: Step) -> list[Row]:
    """Promote a model that is not loaded, then roll back to the one before, so often."""
    promoted: list[Swapped] = []
    rolled: list[Swapped] = []
    with Registry(stage.folder / "registry", clock=clock.wall_ns) as registry, stage.run("swaps") as act:
        for number in range(swaps):
            twin = _twin(registry, number)
            promoted.append(_until_it_speaks(act, clock, lambda twin=twin: _promote(registry, twin)))  # type: ignore[misc]
            rolled.append(_until_it_speaks(act, clock, lambda: _roll_back(registry)))
            step()
    there, back = (Spread.of([one.spoke for one in swapped]) for swapped in (promoted, rolled))
    seen = Spread.of([one.seen for one in (*promoted, *rolled)])
    goal = PACE_S * 1000.0 + WORK_MS
    return [
        Row.of(f"alias moved to seen, {amount(2 * swaps, 'move')}, p50", seen.p50, "ms"),
        Row.of(f"alias moved to seen, {amount(2 * swaps, 'move')}, max", seen.longest, "ms", goal=SEEN_MS),
        Row.of(f"promote to its first fresh, {amount(swaps, 'swap')}, p50", there.p50, "ms"),
        Row.of(f"promote to its first fresh, {amount(swaps, 'swap')}, max", there.longest, "ms"),
        Row.of(f"rollback to its first fresh, {amount(swaps, 'rollback')}, p50", back.p50, "ms", goal=goal),
        Row.of(f"rollback to its first fresh, {amount(swaps, 'rollback')}, max", back.longest, "ms"),
    ]


def _until_it_speaks(act: Act, clock: Clock, move: Callable[[], ModelRef]) -> Swapped:
    """From right after a signal, when the alias is moved, to the first fresh section of what it means then."""
    act.listener.next_fresh(clock.wall_ns())
    ref = move()
    moved_ns = clock.wall_ns()
    for sent, signals in act.listener.signals():
        if signals.status is Status.FRESH and (signals.model.name, signals.model.version) == ref.key:
            return Swapped(_seen_ns(act, ref) - moved_ns, sent - moved_ns)
    raise AssertionError("the listener raises before it ends")


def _seen_ns(act: Act, ref: ModelRef) -> int:
    """When the worker last logged that this version is wanted (ns, wall clock)."""
    seen = [line.time_ns for line in act.logged("inference_worker", SEEN) if line.fields["model"] == str(ref)]
    return seen[-1]


def _twin(registry: Registry, number: int) -> ModelRef:
    """The same model under another digest: to the worker it is another one."""
    champion = registry.load(registry.resolve("bench", "champion"))
    scores = {**champion.manifest.scores, "twin": float(number)}
    return registry.add(Bundle.make(replace(champion.manifest, scores=scores), champion.files), author=BY)


def _promote(registry: Registry, ref: ModelRef) -> ModelRef:
    return registry.promote("bench", "champion", ref.name, ref.version, by=BY, why="measured")


def _roll_back(registry: Registry) -> ModelRef:
    return registry.rollback("bench", "champion", by=BY, why="measured")
