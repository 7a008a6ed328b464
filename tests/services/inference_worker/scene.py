"""An arm on stage: what it is told, on a clock of plain numbers, and what it does about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Factors, Flag, Mode, Model, Reason, Signals, Status, universe_digest
from alphabus.testing import day_ns
from services.inference_worker.actions import Action, Publish, Replace, Submit, Told
from services.inference_worker.arms import Arm
from services.inference_worker.breaker import BreakerRules
from services.inference_worker.duty import Duty, Voice
from services.inference_worker.fallback import FallbackRules
from services.inference_worker.gate import GateRules
from services.inference_worker.rules import NEVER_NS, Rules
from services.inference_worker.section import Section

JOURNAL = b"j" * 16
MODEL = Model("demo", 3, "ab" * 32)
VOICE = Voice("champion", 0.5, MODEL)
FEATURES = ("alpha", "beta")
SYMBOLS = ("A", "B", "C")
PLAN = b"p" * 32
DUTY = Duty(VOICE, PLAN, FEATURES)

BREAKER = BreakerRules(automatic=True, failures=3, share=0.5, window=8, slow_ns=100, open_ns=1500, longest_open_ns=6000)
NO_BREAKER = replace(BREAKER, automatic=False)
FALLBACK = FallbackRules(max_age_bars=2)
GATE = GateRules(holds=False, widening=1.0)
DEADLINE = Rules(
    deadline_ns=100, late_until_ns=400, hang_after_ns=NEVER_NS, attempts=3, min_coverage=0.5, min_features=0.5,
    fallback=FALLBACK, breaker=NO_BREAKER, gate=GATE,
)  # fmt: skip
WAIT = replace(DEADLINE, deadline_ns=NEVER_NS, late_until_ns=NEVER_NS, hang_after_ns=1000)
GUARDED = replace(DEADLINE, breaker=BREAKER)
"""Under a deadline, with a breaker that opens by itself."""

OF_GUARDS = {Reason.BREAKER_OPEN, Reason.GATED, Reason.HALTED, Reason.MODEL_AGE, Reason.SESSION}
"""Reasons of breaker, gate, people and limits; the others come of what went wrong."""

Said = tuple[int, int, Status, Reason, int]


def make_factors(bar: int, *, coverage: float = 1.0, symbols: Sequence[str] = SYMBOLS, journal: bytes = JOURNAL,
                 plan: bytes = PLAN, **changes: Sequence[float]) -> Factors:  # fmt: skip
    """Two features of which `alpha` is the bar; everybody is present, member and warm, unless a column is given."""
    size = len(symbols)
    columns: dict[str, Any] = {name: np.full(size, float(bar)) for name in FEATURES}
    columns |= {name: np.ones(size, np.uint8) for name in ("present", "member", "warm")}
    columns |= {name: np.array(values, columns[name].dtype) for name, values in changes.items()}
    universe = universe_digest(tuple(symbols))
    time = day_ns(bar)
    return Factors(journal, bar, Mode.REPLAY, time, time - 1, universe, coverage, plan, columns, {"factors": 7})


def values_of(bar: int, attempt: int = 1) -> NDArray[np.float64]:
    """What the model says of a bar."""
    return np.array([bar + 0.1 * attempt, -bar, 0.0])


def told(signals: Signals) -> Said:
    """What is said of a section as a whole."""
    return signals.bar, signals.revision, signals.status, signals.reason, signals.age


def content(signals: Signals) -> tuple[Any, ...]:
    """The values, and whose and of when they are."""
    return (
        signals.columns["signal"].tobytes(), signals.columns["flag"].tobytes(), signals.universe, signals.computed_from,
        signals.model,
    )  # fmt: skip


@dataclass(slots=True)
class Scene:
    """Tells the arm what happens, lets it step after each, and notes what it does."""

    rules: Rules
    now: int = 0
    gap: bool = False
    sections: dict[int, Section] = field(default_factory=dict)
    published: list[Signals] = field(default_factory=list)
    submitted: list[Submit] = field(default_factory=list)
    replaced: list[Reason] = field(default_factory=list)
    events: list[Told] = field(default_factory=list)
    duty: Duty = DUTY
    arm: Arm = field(init=False)

    def __post_init__(self) -> None:
        self.arm = Arm(self.duty, self.rules)

    @property
    def told(self) -> list[Said]:
        """All that was published, in order."""
        return [told(signals) for signals in self.published]

    def announce(self, *bars: int, due_in: int = 0) -> None:
        """Sections are due, each a thousand after the one before."""
        for number, bar in enumerate(bars):
            due = self.now + due_in + 1000 * number
            section = Section(JOURNAL, bar, Mode.REPLAY, day_ns(bar), day_ns(bar) - 1, due)
            self.sections[bar] = section
            self.arm.add(section)
        self.step()

    def close(self, bar: int, coverage: float = 1.0) -> None:
        """The feed says how much of a section came."""
        self.sections[bar].coverage = coverage
        self.step()

    def fill(self, bar: int, **changes: Any) -> None:
        """The factors of a section are there, of the plan that the arm wants."""
        self.sections[bar].fill(make_factors(bar, plan=self.arm.duty.plan, **changes), self.now)
        self.step()

    def miss(self, bar: int) -> None:
        """It is known that nothing comes of a section any more."""
        pass_by(self.sections[bar])
        self.step()

    def at(self, now: int) -> None:
        """Time passes."""
        self.now = now
        self.step()

    def ready(self) -> None:
        """A new executor waits for work."""
        self.arm.ready()
        self.step()

    def answer(self, values: NDArray[np.float64] | None = None) -> None:
        """The executor answers what it was given last."""
        last = self.submitted[-1]
        self._note(self.arm.answered(values_of(last.factors.bar) if values is None else values, self.now, gap=self.gap))
        self.step()

    def answer_nonsense(self) -> None:
        """The executor answers infinity for somebody who should have a value."""
        self.answer(np.full(len(SYMBOLS), np.inf))

    def crash(self, reason: Reason = Reason.CRASH) -> None:
        """The executor is gone."""
        self._note(self.arm.failed(reason, self.now, gap=self.gap))
        self.step()

    def score(self, bar: int) -> None:
        """All goes well: factors in, answer out."""
        self.fill(bar)
        self.answer()

    def do(self, actions: Sequence[Action]) -> None:
        """What a person's word made the arm do."""
        self._note(actions)
        self.step()

    def heard(self) -> list[str]:
        """The events that were told, in order."""
        return [told.event for told in self.events]

    def step(self) -> None:
        """Let the arm do what is to be done now."""
        self._note(self.arm.step(self.now, gap=self.gap))

    def _note(self, actions: Sequence[Action]) -> None:
        for action in actions:
            match action:
                case Publish(signals=signals):
                    self.published.append(signals)
                case Submit():
                    self.submitted.append(action)
                case Replace(reason=reason):
                    self.replaced.append(reason)
                case Told():
                    self.events.append(action)


def started(rules: Rules, duty: Duty = DUTY) -> Scene:
    """Bar 1 was computed; bar 2 is due at 1000, bar 3 at 2000."""
    scene = Scene(rules, duty=duty)
    scene.ready()
    scene.announce(1)
    scene.score(1)
    scene.now = 1000
    scene.announce(2, 3)
    return scene


def pass_by(section: Section) -> None:
    """It closed, and nobody knows when it was due."""
    section.recalled, section.coverage = True, 1.0


def flags(signals: Signals) -> list[Flag]:
    """The flags by name."""
    return [Flag(flag) for flag in signals.columns["flag"]]
