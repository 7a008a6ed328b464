"""One drill: a paced pipeline on real processes, and somebody who promotes models at random moments."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alphabus.clock import Clock
from alphabus.messages import Signals
from alphabus.sockets import Waiter, wait_on
from common.models.records import Change
from common.models.registry import Registry
from scripts.bench.stage import Act, Stage
from scripts.drill.cast import Cast
from scripts.drill.dice import Plan, moves
from scripts.drill.moody import ENTRY
from scripts.processes.kin import children_of
from scripts.processes.usage import MEBIBYTE, own_bytes

INSTANCE = "bench"
DEADLINE_MS, LATE_UNTIL_MS = 200, 450
SAMPLES = 20
SETTLED = 3
"""So many sections in a row of the last wish, and the drill is over."""
PATIENCE = 60
"""Sections beyond the plan in which that has to come."""


@dataclass(frozen=True, slots=True)
class Said:
    """One section as it went out."""

    bar: int
    revision: int
    status: str
    reason: str
    age: int
    model: tuple[str, int]

    @classmethod
    def of(cls, signals: Signals) -> Said:
        """Without its values."""
        key = signals.model.name, signals.model.version
        return cls(signals.bar, signals.revision, signals.status.value, signals.reason.value, signals.age, key)


@dataclass(slots=True)
class Seen:
    """What a drill left: sections in order, the worker's rows of history, its memory (MiB) and children over time."""

    cast: Cast
    plan: Plan
    said: list[Said] = field(default_factory=list)
    history: list[Change] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    children: list[int] = field(default_factory=list)
    promoted: int = 0
    wish: tuple[str, int] | None = None
    """What was promoted last."""

    @property
    def sections(self) -> int:
        """How many went out."""
        return sum(not said.revision for said in self.said)

    @property
    def settled(self) -> bool:
        """Whether what was promoted last is what has been speaking for a while."""
        spoken = [said.model for said in self.said[-SETTLED:] if said.status != "held"]
        return spoken == [self.wish] * SETTLED


def run(folder: Path, plan: Plan, clock: Clock, step: Callable[[], None], wait: Waiter = wait_on) -> Seen:
    """Set the stage, and promote as the dice fall until so many sections have gone out; `step` is called for each."""
    # The stage's own market is faster than ours may be: it must last.
    stage = Stage.set_up(folder, plan.sections + PATIENCE, clock)
    cast = Cast.make(folder / "registry", INSTANCE, clock)
    seen = Seen(cast, plan)
    with Registry(folder / "registry", clock=clock.wall_ns) as registry:
        with replace(stage, values=_paced(stage.values, plan)).run("drill") as act:
            _follow(act, seen, Promoter(registry, seen, wait), step)
        seen.history = [change for change in registry.history(INSTANCE) if change.arm == "champion"]
    return seen


class Promoter:
    """Moves the alias as the plan says."""

    def __init__(self, registry: Registry, seen: Seen, wait: Waiter) -> None:
        self._registry, self._seen, self._wait = registry, seen, wait
        self._left = deque(moves(seen.plan, sorted(seen.cast.models)))

    def promote(self, sections: int) -> None:
        """All that is due after so many sections."""
        while self._left and self._left[0].after <= sections:
            move = self._left.popleft()
            if move.pause_ms:
                self._wait([], move.pause_ms * 1_000_000)
            ref = self._seen.cast.models[move.sort]
            why = f"promotion {self._seen.promoted} of the drill"
            self._registry.promote(INSTANCE, "champion", ref.name, ref.version, by="drill", why=why)
            self._seen.promoted += 1
            self._seen.wish = ref.key


def _follow(act: Act, seen: Seen, promoter: Promoter, step: Callable[[], None]) -> None:
    """Until the plan is done, and what was promoted last speaks, or patience ends."""
    plan, worker = seen.plan, act.pid("inference_worker")
    for _, signals in act.listener.signals():
        seen.said.append(Said.of(signals))
        if signals.revision:
            continue
        count = seen.sections
        if count <= plan.sections:
            step()
        promoter.promote(count)
        if count % max(plan.sections // SAMPLES, 1) == 0:
            seen.memory_mb.append(own_bytes(worker) / MEBIBYTE)
            seen.children.append(len(children_of(worker)))
        if count >= plan.sections + PATIENCE or (count >= plan.sections and seen.settled):
            return


def _paced(values: dict[str, Any], plan: Plan) -> dict[str, Any]:
    inference = {"deadline_ms": DEADLINE_MS, "late_until_ms": LATE_UNTIL_MS}
    return {
        **values,
        "kinds": [ENTRY],
        "feed": {**values["feed"], "pace_s": plan.pace_s},
        "inference": {**values["inference"], **inference},
    }
