"""One round: the pipeline runs, the nemesis strikes, the watcher looks on."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from alphabus.bus import Bus
from alphabus.clock import Clock
from alphabus.endpoints import SERVICES
from alphabus.sockets import ZmqTransport
from common.config import Config, Policy
from scripts.chaos.arena import Ground
from scripts.chaos.campaign import Fault, Group, Round
from scripts.chaos.nemesis import SECOND_NS, Nemesis
from scripts.chaos.record import Values
from scripts.chaos.restartable import Restartable
from scripts.chaos.verdict import Landed
from scripts.chaos.watcher import Watcher

STALLED_S = 90
TAIL = 10
"""Sections after the last recovery, to see the end of what was done."""


@dataclass(slots=True)
class Told:
    """What a round showed while it ran."""

    landed: list[Landed] = field(default_factory=list)
    deliveries: Counter[tuple[int, int]] = field(default_factory=Counter)
    unmarked: list[int] = field(default_factory=list)
    values: Values = field(default_factory=dict)
    """What the client got, to the bit."""
    whole_bar: int = 0
    """The newest bar when everything was whole again after the last strike: all up to it must be on record."""
    trouble: str = ""


class Battle:
    """Runs a round until all has struck and is whole again; a launcher that was killed is started again."""

    def __init__(self, fought: Round, ground: Ground, clock: Clock) -> None:
        self._round, self._ground, self._clock = fought, ground, clock
        self._nemesis = Nemesis(ground.config_file, clock)
        self._waiting = deque(fought.strikes)
        self._hurt: Landed | None = None
        self._hurt_ns, self._whole_bar = 0, 0
        self._epochs: dict[str, int] = {}
        self._told = Told()

    def fight(self) -> Told:
        """Everything from start to end; nothing is left running or stopped."""
        config = self._ground.config
        deadline_ns = None if self._round.policy is Policy.WAIT else config.deadline_ns
        with ExitStack() as stack:
            pipeline = stack.enter_context(Restartable(config, self._ground.config_file))
            watcher = stack.enter_context(_watching(config, self._clock, deadline_ns))
            stack.callback(self._nemesis.let_go)
            self._told.trouble = self._follow(pipeline, watcher)
            self._told.whole_bar = self._whole_bar
            self._told.deliveries, self._told.values = watcher.seen.deliveries, watcher.seen.values
            self._told.unmarked += watcher.seen.unmarked
        return self._told

    def _follow(self, pipeline: Restartable, watcher: Watcher) -> str:
        seen, moved_ns = 0, self._clock.monotonic_ns()
        while not self._over(pipeline, watcher):
            watcher.look()
            if self._nemesis.turn():
                self._note_silence(watcher)
            self._note_recovery(watcher)
            if self._is_time(watcher):
                self._strike(pipeline, watcher)
            if not pipeline.running and not pipeline.start_again(expected=self._launcher_struck):
                return "the processes ended before their time"
            if watcher.ended and (self._waiting or self._hurt is not None):
                return f"the market ended before the last {len(self._waiting)} strikes, or the recovery from one"
            now = self._clock.monotonic_ns()
            if watcher.moves != seen:
                seen, moved_ns = watcher.moves, now
            elif now - moved_ns > STALLED_S * SECOND_NS:
                return f"nothing moved for {STALLED_S} s"
        return ""

    def _over(self, pipeline: Restartable, watcher: Watcher) -> bool:
        """Everything struck, and some sections later the client and the cache have all that was announced then."""
        if self._waiting or self._hurt is not None:
            return False
        settled = self._whole_bar + TAIL
        return watcher.ended or (watcher.seen.bar >= settled and pipeline.recorded_bar >= settled)

    def _is_time(self, watcher: Watcher) -> bool:
        """Whole since enough sections, and so far into the one that is being made as was drawn."""
        if not self._waiting or self._hurt is not None or not watcher.seen.fresh_ns:
            return False
        strike = self._waiting[0]
        struck_ns = watcher.announced_ns(self._whole_bar, strike.after)
        return struck_ns is not None and self._clock.monotonic_ns() >= struck_ns + round(strike.into_s * SECOND_NS)

    def _strike(self, pipeline: Restartable, watcher: Watcher) -> None:
        strike, self._epochs = self._waiting[0], self._read_epochs()
        if not self._nemesis.strike(strike, pipeline.launcher):
            return  # somebody is not there yet: the next look finds all
        self._waiting.popleft()
        self._hurt = Landed(strike.kind, watcher.bar, still_ns=self._clock.monotonic_ns() if strike.is_long else 0)
        self._hurt_ns = self._clock.monotonic_ns()
        self._told.landed.append(self._hurt)

    def _note_silence(self, watcher: Watcher) -> None:
        """Whom the client listens to stood still for long, and it never said so: nothing may have looked current."""
        if self._hurt is not None and self._hurt.is_unsaid(watcher.seen.warned_ns):
            self._told.unmarked.append(self._hurt.bar)

    def _note_recovery(self, watcher: Watcher) -> None:
        """Whole again: what was killed is back, what was stopped goes on, and a section of later is fresh since."""
        if self._hurt is None:
            return
        if self._nemesis.busy:
            self._hurt_ns = self._clock.monotonic_ns()  # what stands still recovers from the moment it goes on
        seen = watcher.seen
        if seen.fresh_ns <= self._hurt_ns or seen.fresh_bar <= self._hurt.bar or not self._is_back(self._hurt):
            return
        self._hurt.recovery_ms = (self._clock.monotonic_ns() - self._hurt_ns) / 1e6
        self._hurt, self._whole_bar = None, watcher.bar

    def _is_back(self, struck: Landed) -> bool:
        if struck.kind.fault is Fault.STOP:
            return True
        epochs = self._read_epochs()
        return all(epochs[name] > self._epochs[name] for name in struck.kind.victims)

    @property
    def _launcher_struck(self) -> bool:
        return self._hurt is not None and self._hurt.kind.target == Group.LAUNCHER

    def _read_epochs(self) -> dict[str, int]:
        folder = self._ground.config.endpoints.folder
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
