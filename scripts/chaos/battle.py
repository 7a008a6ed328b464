"""One round: the pipeline runs, the nemesis strikes, the watcher looks on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alphabus.bus import Bus
from alphabus.clock import Clock
from alphabus.endpoints import SERVICES
from alphabus.sockets import ZmqTransport
from common.config import Config, Policy
from common.replay.preparation import Prepared
from scripts.chaos.campaign import Fault, Group, Round, Strike
from scripts.chaos.nemesis import Nemesis
from scripts.chaos.restartable import Restartable
from scripts.chaos.watcher import Watcher

STALLED_NS = 90_000_000_000
SETTLED_NS = 1_000_000_000


@dataclass(slots=True)
class Told:
    """What a round showed while it ran."""

    strikes: int = 0
    duplicates: int = 0
    unmarked: int = 0
    recoveries_ms: list[float] = field(default_factory=list)
    trouble: str = ""


class Battle:
    """Runs a round to the end of its stream; a launcher that was killed is started again on the same state."""

    def __init__(self, fought: Round, prepared: Prepared, clock: Clock) -> None:
        self._round, self._prepared, self._clock = fought, prepared, clock
        self._nemesis = Nemesis(fought.kind, prepared.config_file, clock)
        self._waiting = list(fought.strikes)
        self._hurt_ns: int | None = None
        self._epochs: dict[str, int] = {}
        self._told = Told()

    def fight(self) -> Told:
        """Everything from start to end; nothing is left running or stopped."""
        config = self._prepared.config
        deadline_ns = None if self._round.policy is Policy.WAIT else config.deadline_ns
        with ExitStack() as stack:
            pipeline = stack.enter_context(Restartable(config, self._prepared))
            watcher = stack.enter_context(_watching(config, self._clock, deadline_ns))
            stack.callback(self._nemesis.let_go)
            self._told.trouble = self._follow(pipeline, watcher)
            self._told.duplicates = watcher.seen.duplicates
            self._told.unmarked = len(watcher.seen.unmarked)
        return self._told

    def _follow(self, pipeline: Restartable, watcher: Watcher) -> str:
        seen, moved_ns = 0, self._clock.monotonic_ns()
        while not self._over(pipeline, watcher):
            watcher.look()
            self._nemesis.turn()
            self._note_recovery(watcher)
            if self._waiting and watcher.sections >= self._waiting[0].at and self._hurt_ns is None:
                self._strike(self._waiting.pop(0), pipeline)
            if not pipeline.running and not pipeline.start_again(expected=self._round.kind.target == Group.LAUNCHER):
                return "the processes ended before the stream did"
            now = self._clock.monotonic_ns()
            if watcher.moves != seen:
                seen, moved_ns = watcher.moves, now
            elif now - moved_ns > STALLED_NS:
                return f"nothing moved for {STALLED_NS // SETTLED_NS} s"
        return ""

    def _over(self, pipeline: Restartable, watcher: Watcher) -> bool:
        """The client saw the end, and the cache has it on record."""
        return watcher.ended and not self._nemesis.busy and pipeline.recorded

    def _strike(self, strike: Strike, pipeline: Restartable) -> None:
        self._epochs = self._read_epochs()
        if not self._nemesis.strike(strike, pipeline.launcher):
            self._waiting.insert(0, strike)  # nobody there yet: the next look finds somebody
            return
        self._told.strikes += 1
        self._hurt_ns = self._clock.monotonic_ns()

    def _note_recovery(self, watcher: Watcher) -> None:
        """Whole again: what was killed has started anew, what was stopped goes on, and a fresh section came since."""
        if self._nemesis.busy:
            self._hurt_ns = self._clock.monotonic_ns()  # what stands still recovers from the moment it goes on
        if self._hurt_ns is None or watcher.seen.fresh_ns <= self._hurt_ns:
            return
        if self._round.kind.fault is Fault.KILL and not self._is_back():
            return
        self._told.recoveries_ms.append((self._clock.monotonic_ns() - self._hurt_ns) / 1e6)
        self._hurt_ns = None

    def _is_back(self) -> bool:
        target, epochs = self._round.kind.target, self._read_epochs()
        names = [target] if target in SERVICES else [] if target == Group.EXECUTOR else SERVICES
        return all(epochs[name] > self._epochs[name] for name in names)

    def _read_epochs(self) -> dict[str, int]:
        folder = self._prepared.config.endpoints.folder
        return {name: _epoch(folder / f"{name}.epoch") for name in SERVICES}


@contextmanager
def _watching(config: Config, clock: Clock, deadline_ns: int | None) -> Iterator[Watcher]:
    transport = ZmqTransport()
    watcher = Watcher(Bus(config.endpoints, transport, clock), deadline_ns)
    try:
        yield watcher
    finally:
        watcher.close()
        transport.close()


def _epoch(path: Path) -> int:
    return int(path.read_text(encoding="ascii") or 0) if path.exists() else 0
