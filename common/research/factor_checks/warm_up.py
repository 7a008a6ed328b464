"""Warm-up: started later, a factor has the same values as soon as it says it is warm."""

import numpy as np

from common.factors.block import Block
from common.research.factor_checks.blocks import cut, in_step, own_bars, pick
from common.research.factor_checks.comparison import Axes, Change, Tally, compare, tolerance_of
from common.research.factor_checks.trial import Trial


def check_warm_up(trial: Trial) -> list[Tally]:
    """Start at random sections; recursive factors, whose seed fades, must agree to 1e-9 of their size.

    A cross section is complete only when everyone in it is warm: those factors are tried on symbols that share a clock.
    """
    tallies, block, subject = trial.tallies(), trial.block, trial.subject
    group = pick(block, in_step(block).tolist())
    for crosses, part in ((False, block), (True, group)):
        chosen = [place for place, facts in enumerate(subject.factors) if facts.crosses is crosses]
        if chosen and (len(part.symbols) > 1 or not crosses):
            _start_later(trial, part, chosen, tallies)
    return tallies


def _start_later(trial: Trial, block: Block, chosen: list[int], tallies: list[Tally]) -> None:
    sections = block.shape[0]
    whole = trial.subject.run(block)
    latest = sections - max(trial.subject.factors[place].warm_bars for place in chosen)
    for first in trial.sections(1, max(2, latest)):
        late = trial.subject.run(cut(block, first, sections))
        counted = own_bars(block, first)[first:]
        axes = Axes(np.arange(first, sections), block.symbols)
        for place in chosen:
            facts = trial.subject.factors[place]
            change = Change(f"warm after {facts.warm_bars} bars, computed from", first)
            warm = counted >= facts.warm_bars
            compare(tallies[place], whole[place, first:], late[place], warm, axes, change, tolerance_of(facts))
