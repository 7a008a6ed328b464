"""A paced pipeline with the models of a drill, for tests that promote, command and kill while it runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from alphabus.clock import SystemClock
from alphabus.messages import Signals
from common.models.records import Change
from common.models.registry import Registry
from scripts.bench.stage import Act, Stage
from scripts.drill.cast import Cast
from scripts.drill.moody import ENTRY

INSTANCE = "bench"
SECTIONS = 400
DEFAULTS: dict[str, Any] = {"feed": {"pace_s": 0.3}, "inference": {"deadline_ms": 150, "late_until_ms": 290}}


@dataclass(slots=True)
class Play:
    """A running pipeline; `said` are the champion's sections so far."""

    act: Act
    cast: Cast
    registry: Registry
    said: list[Signals] = field(default_factory=list)

    def until(self, done: Callable[[], bool]) -> None:
        """Listen until it has come to that; the listener's own limits fail what never does."""
        for _, signals in self.act.listener.signals():
            self.said.append(signals)
            if done():
                return

    def sections(self, count: int) -> list[Signals]:
        """The next sections, revisions aside."""
        start = len(self.said)
        self.until(lambda: sum(not it.revision for it in self.said[start:]) >= count)
        return [it for it in self.said[start:] if not it.revision]

    def promote(self, sort: str) -> None:
        """Move the champion's alias to one of the cast."""
        ref = self.cast.models[sort]
        self.registry.promote(INSTANCE, "champion", ref.name, ref.version, by="test", why=f"a {sort} one")

    def history(self, arm: str = "champion") -> list[Change]:
        """What is on record of an arm."""
        return [change for change in self.registry.history(INSTANCE) if change.arm == arm]

    def happens(self, action: str, sort: str) -> Change:
        """Wait for the next row of this action that is about this sort of model."""
        known = len(self.history())
        target = self.cast.models[sort].key

        def found() -> list[Change]:
            return [row for row in self.history()[known:] if row.action == action and row.target == target]

        self.until(lambda: bool(found()))
        return found()[0]


@contextmanager
def playing(folder: Path, *, challenger: str = "", **tables: Any) -> Iterator[Play]:
    """A pipeline at a section every 300 ms unless `tables` say otherwise; `challenger` is what that alias means."""
    folder.mkdir()
    clock = SystemClock()
    stage = Stage.set_up(folder, SECTIONS, clock)
    cast = Cast.make(folder / "registry", INSTANCE, clock)
    values: dict[str, Any] = {**stage.values, "kinds": [ENTRY]}
    for name, table in {**DEFAULTS, **tables}.items():
        values[name] = table if name == "arms" else {**values.get(name, {}), **table}
    values["feed"] = {key: value for key, value in values["feed"].items() if value is not None}
    with Registry(folder / "registry", clock=time.time_ns) as registry:
        if challenger:
            ref = cast.models[challenger]
            registry.promote(INSTANCE, "challenger", ref.name, ref.version, by="test", why="beside the champion")
        with replace(stage, values=values).run("play") as act:
            yield Play(act, cast, registry)
