"""Warm-up: started later, a factor has the same values as soon as it says it is warm."""

from collections.abc import Sequence

import numpy as np

from common.factors.block import Block, present_bars
from common.research.factor_checks.blocks import Mask, cut, in_step, pick
from common.research.factor_checks.comparison import Axes, Change, Tally, compare, tolerance_of
from common.research.factor_checks.own_clock import OwnClock
from common.research.factor_checks.touched import touched
from common.research.factor_checks.trial import Trial


def check_warm_up(trial: Trial) -> list[Tally]:
    """Start at random sections; recursive factors, whose seed fades, must agree to 1e-9 of their size.

    A cross section is complete only when everyone in it is warm. So factors that cross are tried twice: on symbols that
    share a clock, and so become warm together; and on all, where the graph says that nothing they read is earlier.
    """
    tallies, factors = trial.tallies(), trial.subject.factors
    group = pick(trial.block, in_step(trial.block).tolist())
    _start_later(trial, trial.block, range(len(factors)), tallies)
    _start_later(trial, group, [place for place, facts in enumerate(factors) if facts.crosses], tallies)
    return tallies


def _start_later(trial: Trial, block: Block, chosen: Sequence[int], tallies: list[Tally]) -> None:
    sections, together = block.shape[0], block is not trial.block
    if not chosen or (together and len(block.symbols) < 2):
        return
    whole = trial.subject.run(block)
    for first in trial.drawn(_starts(block, max(trial.subject.factors[place].warm_bars for place in chosen))):
        rest = cut(block, first, sections)
        late, counted = trial.subject.run(rest), OwnClock.of(rest).number
        earlier = None if together else _reads_earlier(trial, first)
        axes = Axes(np.arange(first, sections), block.symbols)
        for place in chosen:
            facts = trial.subject.factors[place]
            change = Change(f"warm after {facts.warm_bars} bars, computed from", first)
            warm = counted >= facts.warm_bars
            if earlier is not None and facts.crosses:
                warm &= ~earlier[place]
            compare(tallies[place], whole[place, first:], late[place], warm, axes, change, tolerance_of(facts))


def _starts(block: Block, warm_bars: int) -> list[int]:
    """Sections after which somebody is still warm, but the first."""
    present = present_bars(block)
    left = np.cumsum(present[::-1], axis=0)[::-1].max(axis=1)
    return [int(each) for each in np.flatnonzero(left >= warm_bars)[1:]]


def _reads_earlier(trial: Trial, first: int) -> list[Mask]:
    """Of each factor, where it may know of a bar before the section, from there on."""
    clock = trial.subject.clock(trial.block)
    before = clock.present & (np.arange(len(clock.present)) < first)[:, None]
    spread = touched(trial.subject.graph, clock, trial.block.member, before)
    return [(each.changed | each.fading)[first:] for each in spread]
