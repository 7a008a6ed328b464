"""A set checked on bars: every check, factor by factor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from common.factors.block import present_bars
from common.market.constituents import Constituents
from common.market.parts import BarParts
from common.research.factor_checks.blocks import own_bars
from common.research.factor_checks.comparison import Tally
from common.research.factor_checks.subject import Facts, Subject
from common.research.factor_checks.table import CHECKS
from common.research.factor_checks.trial import Trial
from common.research.factor_checks.window import Extent, Window, choose_window

# Called with the check about to run, checks done and checks in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """One factor: the share of numbers among its warm values (NaN where nobody is warm), and a tally a check."""

    facts: Facts
    known: float
    tallies: Mapping[str, Tally]

    @property
    def passed(self) -> bool:
        """No check failed."""
        return all(tally.verdict != "fail" for tally in self.tallies.values())


@dataclass(frozen=True, slots=True)
class Outcome:
    """All factors, and the window they were tried on."""

    factors: tuple[Checked, ...]
    window: Window

    @property
    def passed(self) -> bool:
        """Every factor passed."""
        return all(each.passed for each in self.factors)


def silent(check: str, done: int, most: int) -> None:
    """Progress for nobody."""


def check_factors(
    subject: Subject,
    bars: BarParts,
    *,
    constituents: Constituents | None = None,
    extent: Extent | None = None,
    progress: Progress = silent,
) -> Outcome:
    """Run every check; the same extent tries the same. FactorError where the bars are too few."""
    extent = extent or Extent()
    random = np.random.default_rng(extent.seed)
    window = choose_window(bars, subject.warm_bars, extent, random, constituents)
    trial = Trial(subject, window.block, subject.run(window.block), extent.samples, random)
    tallies = {}
    for done, (name, check) in enumerate(CHECKS.items()):
        progress(name, done, len(CHECKS))
        tallies[name] = check(trial)
    progress("", len(CHECKS), len(CHECKS))
    factors = zip(subject.factors, _known(trial), *tallies.values(), strict=True)
    checked = (Checked(facts, known, dict(zip(CHECKS, each, strict=True))) for facts, known, *each in factors)
    return Outcome(tuple(checked), window)


def _known(trial: Trial) -> list[float]:
    counted, counts = own_bars(trial.block, 0), present_bars(trial.block) & trial.block.member
    shares = []
    for facts, values in zip(trial.subject.factors, trial.values, strict=True):
        warm = values[counts & (counted >= facts.warm_bars)]
        shares.append(float(np.isfinite(warm).mean()) if warm.size else float("nan"))
    return shares
