"""A set checked on bars: every check, factor by factor."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from common.market.constituents import Constituents
from common.market.parts import BarParts
from common.research.factor_checks.blanking import gap_made
from common.research.factor_checks.comparison import Tally
from common.research.factor_checks.subject import Facts, Subject
from common.research.factor_checks.table import CHECKS
from common.research.factor_checks.trial import Trial
from common.research.factor_checks.window import Extent, Window, choose_window

NO_NUMBER = "not one number on these bars"
NOTHING_THERE = "no number at the bars that were drawn; try more --samples or --sections"

# Called with the check about to run, checks done and checks in all.
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Checked:
    """One factor: the share of numbers among its warm values (NaN where nobody is warm), and a tally a check."""

    facts: Facts
    known: float
    tallies: Mapping[str, Tally]

    @property
    def verdict(self) -> str:
        """`fail` if any check failed, `untested` if any could not be made, or else `ok`."""
        found = {tally.verdict for tally in self.tallies.values()}
        return next((each for each in ("fail", "untested") if each in found), "ok")

    @property
    def untested(self) -> dict[str, list[str]]:
        """Checks that could not be made, by reason."""
        found: dict[str, list[str]] = {}
        for name, tally in self.tallies.items():
            if tally.verdict == "untested":
                found.setdefault(tally.why, []).append(name)
        return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """All factors, and the window they were tried on.

    anew: how often a symbol starts anew in it (None: it never can); made: whether gaps were made that let some do so.
    """

    factors: tuple[Checked, ...]
    window: Window
    anew: int | None
    made: bool

    def count(self, verdict: str) -> int:
        """How many factors came to it."""
        return sum(each.verdict == verdict for each in self.factors)

    @property
    def passed(self) -> bool:
        """No factor failed, and at least one was tried by every check: where nothing was tried nothing is shown."""
        return self.count("ok") > 0 and not self.count("fail")


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
    window = choose_window(bars, subject, extent, random, constituents)
    trial = Trial(subject, window.block, subject.run(window.block), extent.samples, random)
    tallies = {}
    for done, (name, check) in enumerate(CHECKS.items()):
        progress(name, done, len(CHECKS))
        tallies[name] = check(trial)
        _say_why(trial, tallies[name])
    progress("", len(CHECKS), len(CHECKS))
    factors = zip(subject.factors, _known(trial), *tallies.values(), strict=True)
    checked = (Checked(facts, known, dict(zip(CHECKS, each, strict=True))) for facts, known, *each in factors)
    resets = subject.max_gap is not None or subject.by_session
    anew = int(subject.clock(window.block).anew.sum()) if resets else None
    return Outcome(tuple(checked), window, anew, made=gap_made(subject, window.block) > 0)


def _say_why(trial: Trial, tallies: Sequence[Tally]) -> None:
    """Give those without a comparison a reason, if their check gave none."""
    for tally, values in zip(tallies, trial.values, strict=True):
        if tally.verdict == "untested" and not np.isfinite(values).any():
            tally.why = NO_NUMBER
        elif tally.verdict == "untested":
            tally.why = tally.why or NOTHING_THERE


def _known(trial: Trial) -> list[float]:
    clock = trial.subject.clock(trial.block)
    counted, counts = clock.number - clock.start + 1, clock.present & trial.block.member
    shares = []
    for facts, values in zip(trial.subject.factors, trial.values, strict=True):
        warm = values[counts & (counted >= facts.warm_bars)]
        shares.append(float(np.isfinite(warm).mean()) if warm.size else float("nan"))
    return shares
