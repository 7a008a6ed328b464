"""One drill: a paced pipeline on real processes, and somebody who promotes models at random moments."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

from alphabus.clock import Clock
from alphabus.messages import Signals
from common.models.records import Change
from common.models.registry import Registry
from scripts.bench.processes import children_of
from scripts.bench.stage import Act, Stage
from scripts.drill.cast import WHY, Cast
from scripts.drill.moody import ENTRY

PACE_S = 0.5
DEADLINE_MS, LATE_UNTIL_MS = 200, 450
SAMPLES = 20
GOOD_SHARE = 2 / 3


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, how many promotions in that time, and which dice; seconds from section to section."""

    sections: int
    promotions: int
    seed: int
    pace_s: float = PACE_S


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


def run(folder: Path, plan: Plan, clock: Clock, step: Callable[[], None]) -> Seen:
    """Set the stage, and promote as the dice fall until so many sections have gone out; `step` is called for each."""
    # The stage's own market is faster than ours may be: it must last.
    stage = Stage.set_up(folder, plan.sections, clock)
    cast = Cast.make(folder / "registry", "bench", clock)
    seen = Seen(cast, plan)
    with replace(stage, values=_paced(stage.values, plan)).run("drill") as act:
        _follow(act, seen, folder / "registry", clock, step)
    with Registry(folder / "registry", clock=clock.wall_ns) as registry:
        seen.history = [change for change in registry.history("bench") if change.arm == "champion"]
    return seen


def moments(plan: Plan) -> list[int]:
    """After how many sections each promotion falls; some fall together."""
    dice = Random(plan.seed)  # noqa: S311  dice, not secrets
    return sorted(dice.randrange(1, max(plan.sections - 5, 2)) for _ in range(plan.promotions))


def choices(plan: Plan, sorts: Sequence[str]) -> list[str]:
    """Which sort of model each promotion is of; two in three are good ones."""
    dice = Random(plan.seed + 1)  # noqa: S311  dice, not secrets
    good, bad = ([sort for sort in sorts if (sort in WHY) is wrong] for wrong in (False, True))
    return [dice.choice(good if dice.random() < GOOD_SHARE else bad) for _ in range(plan.promotions)]


def _follow(act: Act, seen: Seen, root: Path, clock: Clock, step: Callable[[], None]) -> None:
    plan, due = seen.plan, moments(seen.plan)
    sorts = choices(plan, sorted(seen.cast.models))
    worker = act.pid("inference_worker")
    with Registry(root, clock=clock.wall_ns) as registry:
        for _, signals in act.listener.signals():
            seen.said.append(Said.of(signals))
            if signals.revision:
                continue
            count = sum(not said.revision for said in seen.said)
            step()
            while seen.promoted < len(due) and due[seen.promoted] <= count:
                ref = seen.cast.models[sorts[seen.promoted]]
                registry.promote("bench", "champion", ref.name, ref.version, by="drill", why=f"{seen.promoted}")
                seen.promoted += 1
            if count % max(plan.sections // SAMPLES, 1) == 0:
                seen.memory_mb.append(resident_mb(worker))
                seen.children.append(len(children_of(worker)))
            if count >= plan.sections:
                return


def resident_mb(pid: int) -> float:
    """Memory of a process that is in RAM, in MiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def _paced(values: dict[str, Any], plan: Plan) -> dict[str, Any]:
    inference = {"deadline_ms": DEADLINE_MS, "late_until_ms": LATE_UNTIL_MS}
    return {
        **values,
        "kinds": [ENTRY],
        "feed": {**values["feed"], "pace_s": plan.pace_s},
        "inference": {**values["inference"], **inference},
    }
