"""A worker without a bus: the real arms, stations and registry; children that do as they are told, a clock by hand."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from alphabus.messages import Announcement, Factors, Mode, Phase, Signals, universe_digest
from alphabus.testing import ManualClock, day_ns
from common.config import MS, Policy
from common.factors.plan import compile_set
from common.models.records import Change
from common.models.registry import Registry
from common.service import Context
from services.inference_worker.actions import Told
from services.inference_worker.board import Board
from services.inference_worker.control import Order, Verb
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.executor.exchange import Answer, Failed
from services.inference_worker.executor.happenings import Happened
from services.inference_worker.executor.seat import Seat
from services.inference_worker.floor import Floor
from services.inference_worker.lineup import line_up
from services.inference_worker.roster.post import Post
from services.inference_worker.roster.roster import Roster
from services.inference_worker.roster.wishes import LOOK_NS
from services.inference_worker.station import Station
from tests.services.cluster import add_version, promote, toy_bundle, toy_config
from tests.services.markets import TOY_SET
from tests.services.seats import FormulaSeat
from tests.services.test_swap import OTHER_SET

JOURNAL = b"j" * 16
SYMBOLS = ("A", "B", "C")
PLANS = {compile_set(of).digest: [name for name, _ in of.factors] for of in (TOY_SET, OTHER_SET)}
VERSIONS = (1, 2, 3, 4)
"""Of the model `demo`; the last one wants other factors."""


LATE_NS = 80 * MS
"""Between the deadline and the moment from which on nobody listens any more."""


@dataclass(frozen=True, slots=True)
class Word:
    """A section that went out: how long after it was due, who sat at the station, and whether as one that is unfit."""

    signals: Signals
    late_ns: int
    serving: int
    unfit: bool


@cache
def library() -> Path:
    """A registry with all of them; 1 is what the only alias means. To be copied, not touched."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    root = folder / "registry"
    for bundle in (toy_bundle(), toy_bundle(seed=8), toy_bundle(seed=9), toy_bundle(OTHER_SET, seed=10)):
        add_version(root, bundle)
    promote(root, 1)
    return root


def section_of(plan: bytes, bar: int) -> Factors:
    """Everybody is there and warm."""
    columns: dict[str, Any] = {name: np.full(len(SYMBOLS), float(bar)) for name in PLANS[plan]}
    columns |= {name: np.ones(len(SYMBOLS), np.uint8) for name in ("present", "member", "warm")}
    time = day_ns(bar)
    return Factors(JOURNAL, bar, Mode.REPLAY, time, time - 1, universe_digest(SYMBOLS), 1.0, plan, columns, {})


class Puppet(FormulaSeat):
    """A child that behaves by the mood its version is in at that moment."""

    def __init__(self, post: Post, context: Context, dying: Dying, moods: Mapping[int, str]) -> None:
        self._moods, self.open = moods, True
        self.asked: int | None = None
        """The section whose answer is awaited."""
        super().__init__(post, context, dying, lambda _bar, _attempt: moods[post.model.version])

    def submit(self, factors: Factors, attempt: int, *, probe: bool = False) -> None:
        """It has a section; one that is late answers after the deadline, and in time to be heard."""
        self.asked = factors.bar
        super().submit(factors, attempt, probe=probe)
        if self._behave(factors.bar, attempt) == "late":
            self._said.append((self._clock.monotonic_ns() + LATE_NS, self._answer(factors)))

    def receive(self) -> list[Happened]:
        """What is said by now."""
        said = super().receive()
        if any(isinstance(word, Answer | Failed) for word in said):
            self.asked = None
        return said

    def replace(self) -> int:
        """Another one, that was asked nothing."""
        self.asked = None
        return super().replace()

    def close(self) -> None:
        """It is gone for good."""
        super().close()
        self.open = False

    def die(self) -> None:
        """Somebody killed it."""
        self._said.clear()
        self._said.append((0, Failed(0, "crash", "killed by SIGKILL")))

    def _ready(self, post: Post) -> Happened:
        if self._moods[post.model.version] == "never_loads":
            return Failed(0, "load", "golden outputs differ")
        return super()._ready(post)


class Desk:
    """One arm at work, under the policy `deadline` or `wait`; it may be killed and started again."""

    floor: Floor
    _board: Board
    _roster: Roster
    _newest: dict[bytes, Factors]
    _filled: dict[bytes, int]

    def __init__(self, *, waits: bool) -> None:
        self.folder = Path(tempfile.mkdtemp())
        shutil.copytree(library(), self.folder / "registry")
        inference: dict[str, Any] = {"attempts": 2, "hang_after_ms": 500, "candidate_wait_s": 2.0, "max_age_bars": 1000}
        if not waits:
            inference |= {"policy": Policy.DEADLINE, "deadline_ms": 50, "late_until_ms": 150}
        self.config = toy_config(self.folder, self.folder / "registry", inference=inference)
        self.clock, self.moods = ManualClock(), dict.fromkeys(VERSIONS, "answer")
        self.person = Registry(self.folder / "registry", clock=count(1).__next__)
        self.words: list[Word] = []
        self.torn: list[int] = []
        """Sections that were with a model when another took over."""
        self._due_ns: dict[int, int] = {}
        self._at_work: Seat | None = None
        self.told: list[Told] = []
        self.bar, self.engine_is_up = 0, True
        self.lacks: tuple[str, ...] = ()
        """Factor sets that the engine cannot build."""
        self.seats: list[Puppet] = []
        self._start()

    @property
    def said(self) -> list[Signals]:
        """All that went out, in order."""
        return [word.signals for word in self.words]

    @property
    def station(self) -> Station:
        """The only one."""
        return self.floor.stations["champion"]

    @property
    def has_ready_heir(self) -> bool:
        """Whether somebody is on its way who could take over at once."""
        coming = self.station.succession.coming
        return coming is not None and coming.is_ready

    @property
    def serving(self) -> int:
        """Which version serves."""
        return self.station.serving.post.model.version

    def history(self, action: str | None = None) -> list[Change]:
        """Of this instance, oldest first; or its rows of one action."""
        rows = self.person.history("test")
        return [row for row in rows if row.alias in {"champion", None} and action in {None, row.action}]

    def announce(self) -> None:
        """The next section is due."""
        self.bar += 1
        self._due_ns[self.bar] = self.clock.monotonic_ns()
        self._announce(self.bar, on_record=False)

    def fill(self) -> None:
        """The factors of everything that is open come, of every plan that is wanted, if the engine is up."""
        for plan, topic in self.floor.topics if self.engine_is_up else ():
            if topic.startswith(self.lacks):
                continue
            after = self._filled.get(plan, self.floor.done)
            for bar in range(after + 1, self.bar + 1):
                self._newest[plan] = section_of(plan, bar)
                self._board.fill(self._newest[plan], self.clock.monotonic_ns())
            self._filled[plan] = self.bar

    def lose(self, topics: str) -> None:
        """The factors of what is open are lost on the link: of plans whose topic begins with this.

        An engine that is down has sent none that could be: it sends them when it is up again.
        """
        for plan, topic in self.floor.topics if self.engine_is_up else ():
            if topic.startswith(topics) and plan in self._filled:
                self._filled[plan] = self.bar

    def turn(self, pass_ms: int = 0) -> None:
        """One round of the worker, then time passes."""
        self.floor.hear_wishes()
        self._filled = {plan: bar for plan, bar in self._filled.items() if plan in dict(self.floor.topics)}
        self._newest = {plan: factors for plan, factors in self._newest.items() if plan in self._filled}
        self.fill()
        self.floor.receive(lambda _station: False)
        self._at_work = self.station.serving.seat
        self.floor.step(self._newest, self._board, lambda _station: False)
        self._board.drop_up_to(self.floor.done)
        self._roster.ledger.catch_up()
        self.clock.advance(pass_ms * MS)

    def settle(self, turns: int = 40) -> None:
        """So many rounds, each a little later: aliases are looked at, children answer, patience ends."""
        for _ in range(turns):
            self.turn()
            self.turn(max(LOOK_NS // MS, 50) + 1)

    def command(self, verb: Verb) -> None:
        """A person says so."""
        self.floor.obey(Order(verb, ("champion",), "because", "ann"))

    def promote(self, version: int) -> None:
        """A person wants this version, again if need be."""
        self.person.promote("test", "champion", "demo", version, by="ann", why="better", again=True)

    def kill(self) -> None:
        """Nothing more is written, and nobody is told to stop."""
        self.floor.close()
        self._roster._registry.close()
        self._roster.quick.close()
        self._lives = False

    def restart(self) -> None:
        """The worker is stopped and started: what was said is on record, and what is open comes from the record."""
        self._stop()
        self._start()

    def close(self) -> None:
        """Leave nothing."""
        self._stop()
        self.person.close()
        shutil.rmtree(self.folder)

    def _start(self) -> None:
        self._lives = True
        self._board = Board(deadline=self.config.inference.policy is Policy.DEADLINE)
        self._board.journal, self._newest, self._filled = JOURNAL, {}, {}
        self._roster = Roster(self.config, self.clock, self._tell)
        context = cast("Context", SimpleNamespace(config=self.config, bus=SimpleNamespace(clock=self.clock)))
        stations = line_up(context, self._roster, self._seat, Dying())
        self.floor = Floor(stations, self._roster, self.clock, self._say, self._tell)
        self.floor.stand()
        if self.said:
            self.floor.resume("champion", self.said[-1])
        for bar in range(self.floor.done + 1, self.bar + 1):
            self._announce(bar, on_record=True)

    def _stop(self) -> None:
        if self._lives:
            self.floor.close()
            self._roster.close()

    def _announce(self, bar: int, *, on_record: bool) -> None:
        time = day_ns(bar)
        due = Announcement(JOURNAL, bar, Mode.REPLAY, time, time - 1, Phase.DUE, len(SYMBOLS))
        self.floor.add(self._board.announce(due, self.clock.monotonic_ns(), on_record=on_record))

    def _seat(self, post: Post, context: Context, dying: Dying) -> Puppet:
        self.seats.append(Puppet(post, context, dying, self.moods))
        return self.seats[-1]

    def _say(self, signals: Signals, *, overdue: bool) -> None:
        assert not overdue, "this worker never stands still"
        late_ns = self.clock.monotonic_ns() - self._due_ns[signals.bar]
        self.words.append(Word(signals, late_ns, self.serving, self.station.arm.unfit))

    def _tell(self, _arm: str, told: Told) -> None:
        self.told.append(told)
        if told.event == "swapped" and isinstance(self._at_work, Puppet) and self._at_work.asked is not None:
            self.torn.append(self._at_work.asked)
