"""Warm-up: started later, a factor has the same values as soon as it says it is warm."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from common.factors.block import Block, present_bars
from common.research.factor_checks.blocks import Mask, cut, in_step, pick
from common.research.factor_checks.comparison import Axes, Change, Tally, compare, tolerance_of
from common.research.factor_checks.own_clock import OwnClock
from common.research.factor_checks.touched import touched
from common.research.factor_checks.trial import Trial

STILL = "nothing moved long enough on these bars, and without that it does not settle"


@dataclass(frozen=True, slots=True, eq=False)
class _Unsettled:
    """From a start on, of one factor: where it may know of a bar before, and where it keeps more because all stood."""

    earlier: Mask
    still: Mask


def check_warm_up(trial: Trial) -> list[Tally]:
    """Start at random sections; recursive factors, whose seed fades, must agree to 1e-9 of their size.

    A cross section is complete only when everyone in it is warm. So factors that cross are tried twice: on symbols that
    share a clock, and so become warm together; and on all, where the graph says that nothing they read is earlier.
    What divides two fading means is not tried where nothing has moved since before it was warm.
    """
    tallies, factors = trial.tallies(), trial.subject.factors
    _start_later(trial, range(len(factors)), tallies, together=False)
    crossing = [place for place, facts in enumerate(factors) if facts.crosses]
    group = pick(trial.block, in_step(trial.block).tolist())
    if crossing and len(group.symbols) > 1:
        among = replace(trial, block=group, values=trial.subject.run(group))
        _start_later(among, crossing, tallies, together=True)
    return tallies


def _start_later(trial: Trial, chosen: Sequence[int], tallies: list[Tally], *, together: bool) -> None:
    block, sections = trial.block, trial.block.shape[0]
    for first in trial.drawn(_starts(block, max(trial.subject.factors[place].warm_bars for place in chosen))):
        rest = cut(block, first, sections)
        late, counted = trial.subject.run(rest), OwnClock.of(rest).number
        unsettled = _unsettled(trial, first)
        axes = Axes(np.arange(first, sections), block.symbols)
        for place in chosen:
            facts, one = trial.subject.factors[place], unsettled[place]
            change = Change(f"warm after {facts.warm_bars} bars, computed from", first)
            warm = counted >= facts.warm_bars
            if facts.crosses and not together:
                warm &= ~one.earlier
            if (warm & one.still).any():
                tallies[place].why = STILL
            where = warm & ~one.still
            compare(tallies[place], trial.values[place, first:], late[place], where, axes, change, tolerance_of(facts))


def _starts(block: Block, warm_bars: int) -> list[int]:
    """Sections after which somebody is still warm, but the first."""
    present = present_bars(block)
    left = np.cumsum(present[::-1], axis=0)[::-1].max(axis=1)
    return [int(each) for each in np.flatnonzero(left >= warm_bars)[1:]]


def _unsettled(trial: Trial, first: int) -> list[_Unsettled]:
    """Of each factor, from the section on."""
    clock = trial.subject.clock(trial.block)
    before = clock.present & (np.arange(len(clock.present)) < first)[:, None]
    plain = touched(trial.subject.graph, clock, trial.block.member, before)
    return [
        _Unsettled((one.changed | one.fading)[first:], still[first:])
        for one, still in zip(plain, trial.unsettled(before), strict=True)
    ]
