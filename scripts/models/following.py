"""What came of an alias that was moved, as the history of the registry tells it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from alphabus.clock import Clock
from common.models.records import Change, ModelRef
from common.models.registry import Registry
from scripts.models.outlook import Ground

LOOK_S = 0.1
SECOND_NS = 1_000_000_000
MOVES = ("promote", "rollback", "retire")

Outcome = Literal["served", "refused", "moved", "waiting"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the version serves, was refused, was overtaken by another move, or is on its way still; and why."""

    outcome: Outcome
    why: str


def judge(rows: Iterable[Change], ref: ModelRef, arms: frozenset[str]) -> Verdict | None:
    """By the rows since the alias moved; None as long as not all of these arms (of none: any) have taken it over."""
    served = set()
    for row in rows:
        if row.action in MOVES and row.target != ref.key:
            told = "nothing" if row.target is None else "/".join(map(str, row.target))
            return Verdict("moved", f"{row.by} made the alias mean {told}: {row.why}")
        if row.action == "swap_failed" and row.target == ref.key:
            return Verdict("refused", row.why)
        if row.action == "swap" and row.target == ref.key and row.arm is not None:
            served.add(row.arm)
            if arms <= served:
                return Verdict("served", ", ".join(sorted(served)))
    return None


def follow(look: Callable[[], Verdict | None], wait_s: float, clock: Clock, pause: Callable[[float], None]) -> Verdict:
    """Look until there is a verdict, or the time is over."""
    until = clock.monotonic_ns() + round(wait_s * SECOND_NS)
    while (found := look()) is None:
        if clock.monotonic_ns() >= until:
            return Verdict("waiting", f"neither a swap nor a refusal in {wait_s:g} s")
        pause(LOOK_S)
    return found


@dataclass(frozen=True, slots=True)
class Watch:
    """Looks at what came of an alias that means this version."""

    models: Registry
    ground: Ground
    ref: ModelRef

    def look(self) -> Verdict | None:
        """The verdict as of now."""
        return judge(self._rows_since(), self.ref, self.ground.arms) or self._as_before()

    def _rows_since(self) -> Sequence[Change]:
        """Since the alias was last made to mean it; all, with who moved it since, where that is over already."""
        rows = self.models.history(self.ground.instance, self.ground.alias)
        mine = [row.number for row in rows if row.action in MOVES and row.target == self.ref.key]
        return [row for row in rows if row.number > max(mine, default=0)]

    def _as_before(self) -> Verdict | None:
        """Where the version spoke for the arms already, nothing changes hands, and no row says so."""
        arms = self.ground.arms or {self.ground.alias}
        return Verdict("served", ", ".join(sorted(arms))) if all(map(self._speaks, arms)) else None

    def _speaks(self, arm: str) -> bool:
        """By what it was seated with last, if that is on record, and else by what spoke last."""
        events = self.models.events(self.ground.instance, arm)
        seated = [row.target for row in events if row.action in {"start", "swap"}]
        last = self.models.last_served(self.ground.instance, arm)
        return (seated[-1] if seated else last and (last.name, last.version)) == self.ref.key
