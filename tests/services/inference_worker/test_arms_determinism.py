"""Under `wait` what an arm says hangs on the bars alone: not on when or in what order things happen, nor restarts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabus.testing import day_ns
from services.inference_worker.composition import Spoken
from services.inference_worker.fallback import DAY_NS, FallbackRules
from services.inference_worker.gate import GateRules
from services.inference_worker.rules import Rules
from tests.services.inference_worker.scene import BREAKER, DUTY, WAIT, Scene, content, told, values_of

RANGED = replace(DUTY, prediction_range=(-1e6, 1e6), model_time_ns=day_ns(1))
TOUCHY = replace(BREAKER, automatic=False, failures=1, slow_ns=0)


@dataclass(frozen=True, slots=True)
class Bar:
    """What is true of one bar, whenever it is found out: how many attempts fail and how, and what then comes."""

    failures: int
    how: str
    partial: bool = False
    odd: bool = False


BARS = st.lists(
    st.builds(
        Bar, failures=st.sampled_from([0, 0, 0, 1, 3]), how=st.sampled_from(["crash", "nonsense", "hang"]),
        partial=st.sampled_from([False, False, True]), odd=st.sampled_from([False, False, True]),
    ),
    min_size=1, max_size=8,
)  # fmt: skip
RULES = st.builds(
    lambda fallback, holds, most: replace(
        WAIT, fallback=fallback, gate=GateRules(holds, 0.0), breaker=TOUCHY, max_model_ns=most
    ),
    st.sampled_from([
        FallbackRules(max_age_bars=1), FallbackRules(max_age_bars=0), FallbackRules(max_age_bars=9),
        FallbackRules(max_age_bars=3, max_age_ns=2 * DAY_NS), FallbackRules(max_age_bars=3, across_sessions=False),
        FallbackRules(max_age_bars=3, default_value=0.5), FallbackRules(max_age_bars=3, default_value=0.5, always=True),
    ]),
    st.booleans(), st.sampled_from([None, 3 * DAY_NS]),
)  # fmt: skip


class Course:
    """One way in which these bars may come about."""

    def __init__(self, bars: list[Bar], rules: Rules, dice: Random) -> None:
        self.bars, self.rules, self.dice = bars, rules, dice
        self.said: list[tuple[Any, ...]] = []
        self.announced = self.filled = 0
        self.scene, self.loading = Scene(rules, duty=RANGED), True

    def run(self) -> list[tuple[Any, ...]]:
        """Let things happen, in any order, until every bar has its signal."""
        while len(self.said) + len(self.scene.published) < len(self.bars):
            self.dice.choice([self.announce, self.fill, self.work, self.work, self.idle, self.trouble])()
            if self.scene.replaced:
                self.loading = True
                self.scene.replaced.clear()
        self.keep()
        return self.said

    def announce(self) -> None:
        """The next section is due, perhaps at once."""
        if self.announced < len(self.bars):
            self.announced += 1
            self.scene.announce(self.announced, due_in=self.dice.choice([0, 5000]))

    def fill(self) -> None:
        """Its factors are there."""
        if self.filled < self.announced:
            self.filled += 1
            self.scene.fill(self.filled, coverage=0.2 if self.bars[self.filled - 1].partial else 1.0)

    def work(self) -> None:
        """The executor becomes ready, or does what it does with what it has."""
        task = self.scene.arm._work.task
        if self.loading:
            self.loading = False
            self.scene.ready()
        elif task is not None:
            bar = self.bars[task.section.bar - 1]
            if task.attempts >= bar.failures:
                good = values_of(task.section.bar)
                self.scene.answer(np.full_like(good, 1e300) if bar.odd else good)
            else:
                getattr(self, bar.how)()

    def crash(self) -> None:
        """It dies of what it has."""
        self.loading = True
        self.scene.crash()

    def nonsense(self) -> None:
        """It answers infinity."""
        self.scene.answer_nonsense()

    def hang(self) -> None:
        """It never answers."""
        self.scene.at(self.scene.now + self.rules.hang_after_ns)

    def idle(self) -> None:
        """Time passes."""
        self.scene.at(self.scene.now + self.dice.choice([1, 300, 999]) * (self.scene.arm._work.task is None))

    def trouble(self) -> None:
        """Seldom: the executor dies for nothing, or the worker itself does and knows what it published last."""
        if self.dice.random() < 0.2 and self.scene.arm._work.idle:
            self.crash()
        elif self.dice.random() < 0.1:
            self.restart()

    def restart(self) -> None:
        """Sections that were not published are announced again, and their factors come again."""
        last = self.scene.published[-1] if self.scene.published else None
        arm, now = self.scene.arm, self.scene.now
        previous = arm.previous if last is None else Spoken.of(last)
        self.keep()
        self.scene, self.loading = Scene(self.rules, duty=RANGED, now=now), True
        self.scene.arm.recall(previous, arm.last_bar)
        self.announced = self.filled = arm.last_bar

    def keep(self) -> None:
        """What was published outlives the worker."""
        self.said += [(*told(signals), *content(signals)) for signals in self.scene.published]
        self.scene.published.clear()


@settings(max_examples=200, deadline=None)
@given(bars=BARS, rules=RULES, seeds=st.tuples(st.integers(0, 2**32), st.integers(0, 2**32)))
def test_the_same_bars_say_the_same(bars: list[Bar], rules: Rules, seeds: tuple[int, int]) -> None:
    """Two courses of the same bars: status, reason, age, values, flags, origin and model of every section."""
    first, second = (Course(bars, rules, Random(seed)).run() for seed in seeds)  # noqa: S311  dice, not secrets
    assert first == second
    assert [said[0] for said in first] == list(range(1, len(bars) + 1))
