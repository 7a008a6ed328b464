"""The plans there are: on the air, or in rehearsal; who is let in, who is let go, and whose state is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass

from alphabus.messages import Bars, Universe
from common.errors import SnapshotError
from common.factors.plan import Plan
from common.models.records import ModelRef
from common.service import Context
from services.factor_engine.desk import Desk
from services.factor_engine.keeper import Alert, Keeper
from services.factor_engine.line import Line
from services.factor_engine.planner import Planner
from services.factor_engine.rehearsal import Allowance, Rehearsal, Say
from services.factor_engine.wishes import Wishes, plan_name


def one_thread() -> Executor:
    """Where plans are compiled and states written: beside the loop, one after the other."""
    return ThreadPoolExecutor(1, thread_name_prefix="factor_engine")


@dataclass(frozen=True, slots=True)
class Changes:
    """Lines that went on the air, and lines that left it."""

    arrived: tuple[Line, ...] = ()
    left: tuple[Line, ...] = ()


class Repertoire:
    """Keeps a line for the configured plan and for that of every model that is wanted."""

    def __init__(self, context: Context, alert: Alert, room: Executor, say: Say) -> None:
        config, self._log, self._alert, self._room = context.config, context.log, alert, room
        self._endpoints, self._set = config.endpoints, config.factors.name
        self._wishes = Wishes(config, context.bus.clock, context.log)
        self._planner = Planner(self._wishes, room, self._refuse, context.bus.clock.monotonic_ns)
        self._keeper = Keeper(context.state / "factor_engine", room, context.log, alert)
        bars = config.endpoints.topic("bars")
        self._rehearsal = Rehearsal(context.bus, "factor_engine", bars, self.tell_cut, say)
        self._lines: dict[str, Line] = {}
        self._own = ""

    def __iter__(self) -> Iterator[Line]:
        """Lines on the air."""
        return iter(self._lines.values())

    @property
    def handles(self) -> list[object]:
        """The feed's record, while a line rehearses."""
        return self._rehearsal.handles

    def is_busy(self, bar: int) -> bool:
        """Whether a line can rehearse up to the live section though nothing comes."""
        return self._rehearsal.is_busy(bar)

    def start(self, plan: Plan) -> None:
        """Go on where each plan's snapshot ends; who has none begins with the journal, or rehearses beside the others.

        A plan that was at work has a file, be it of the beginning: so one without may be let in late, and only then.
        One whose file is of no use to it must not keep the others waiting: it rehearses, and says aloud what it owes.
        """
        self._own = plan_name(self._set, plan.digest.hex())
        self._planner.settle(frozenset({self._own}))
        plans = {self._own: plan} | {wish.name: wish.plan for wish in self._planner.wanted if wish.plan is not None}
        lines = {name: self._line(name, each) for name, each in plans.items()}
        known = {name for name, line in lines.items() if self._keeper.resume(line)}
        goes_on = self._own in known and any(line.desk.bar for line in lines.values())
        for name, line in lines.items():
            if line.desk.bar or not goes_on:
                self._lines[name] = line
            else:
                self._rehearse(line, aloud=name in known)
        # Ours last: once it is there, so are the others.
        for name in sorted(self._lines.keys() - known, key=lambda name: (name == self._own, name)):
            self._keeper.begin(self._lines[name])
        if self._planner.heard and self._planner.complete:
            self._keeper.keep_only(plans)

    def refuse(self, line: Line, error: SnapshotError) -> bool:
        """Make a line's state anew, beside the others: False when there are none, and it goes on from the beginning."""
        self._keeper.refused(line.name, error)
        line.start_over()
        self._keeper.begin(line)
        if len(self._lines) == 1:
            return False
        self._rehearse(self._lines.pop(line.name), aloud=True)
        return True

    def hear(self, bars: Bars, listed: Universe | None) -> None:
        """Note a live section, with the list of its symbols if that is known, for those who rehearse."""
        self._rehearsal.hear(bars, listed)

    def tell_cut(self, line: Line, bars: Bars) -> None:
        """Say that the record no longer goes back to its first section: who is not warm yet is marked so."""
        self._log.warning("history_cut", name=line.name, first_bar=bars.bar)
        self._alert("warning", "history_cut", {"plan": line.name, "first_bar": str(bars.bar)})

    def turn(self, journal: bytes, bar: int, allowed: Allowance) -> Changes:
        """Heed what the registry says, and rehearse a little."""
        left = tuple(self._heed())
        line = self._rehearsal.turn(journal, bar, allowed)
        # On the air only once its state is on disk: a restart then goes on with it, and no section is left out. Of one
        # that was at work there is a file, and what it said aloud is not acknowledged yet.
        if line is None or not (line.aloud or self._keeper.has_kept(line)):
            return Changes((), left)
        self._rehearsal.remove(line)
        self._lines[line.name], line.aloud = line, False
        self._log.info("plan_on_air", name=line.name, bar=bar)
        return Changes((line,), left)

    def tend(self, bar: int, floor: int) -> Iterator[tuple[Line, int]]:
        """Write states up to which nobody will ask for anything; yield up to where sections may be forgotten.

        Up to `floor` nobody asks for any plan; for a plan no model is of nobody asks at all. A registry that was not
        seen so far may only be out of sight: so nothing is forgotten.
        """
        asked, heard, complete = (
            {wish.name for wish in self._planner.wanted},
            self._planner.heard,
            self._planner.complete,
        )
        for line in self:
            done = bar if complete and line.name not in asked else floor
            self._keeper.tend(line, done)
            yield line, done if heard else floor
        for line in self._rehearsal.lines:
            yield line, floor

    def resumed_from(self, journal: bytes) -> int | None:
        """The section of a journal that a restart would ask from; 0: the beginning, for a plan without a state yet.

        None as long as the registry was not seen: what is kept of plans out of sight is not known.
        """
        if not (self._planner.heard or self._planner.complete):
            return None
        bars: list[int] = [line.resumed_from(journal) for line in (*self, *self._rehearsal.lines)]
        return min(bars)

    def close(self) -> None:
        """Let go of the record, then of the thread: a state that is being written is written to its end."""
        self._rehearsal.close()
        self._room.shutdown(cancel_futures=True)
        self._wishes.close()

    def _line(self, name: str, plan: Plan) -> Line:
        self._log.info("plan", name=name, digest=plan.digest.hex(), factors=len(plan.names))
        return Line(name, self._endpoints.topic("factors", name), Desk(plan))

    def _rehearse(self, line: Line, *, aloud: bool) -> None:
        line.aloud = aloud
        self._rehearsal.add(line)

    def _heed(self) -> Iterator[Line]:
        """Take up what is wanted, and drop what nobody wants any more."""
        at_work = {line.name: line for line in (*self, *self._rehearsal.lines)}
        if not self._planner.turn(frozenset(at_work)):
            return
        for wish in self._planner.wanted:
            if wish.plan is not None and wish.name not in at_work:
                at_work[wish.name] = line = self._line(wish.name, wish.plan)
                self._rehearse(line, aloud=self._keeper.knows(wish.name))
        if self._planner.settled:
            wanted = {self._own, *(wish.name for wish in self._planner.wanted)}
            for name in sorted(at_work.keys() - wanted):
                self._drop(at_work[name])
                yield at_work[name]

    def _drop(self, line: Line) -> None:
        self._log.info("plan_dropped", name=line.name)
        if self._lines.pop(line.name, None) is None:
            self._rehearsal.remove(line)
        self._keeper.drop(line)

    def _refuse(self, ref: ModelRef, error: str) -> None:
        detail: Mapping[str, str] = {"model": str(ref), "error": error}
        self._log.warning("plan_refused", **detail)
        self._alert("warning", "plan_refused", detail)
