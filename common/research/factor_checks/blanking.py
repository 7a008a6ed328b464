"""Blanking: take one bar away, and only values whose window held it change, none into a made-up number."""

import numpy as np

from common.factors.block import Block, present_bars
from common.factors.kernels.build import Floats
from common.research.factor_checks.blocks import (
    Mask,
    in_step,
    own_bars,
    pick,
    with_members,
    without_bar,
    without_section,
)
from common.research.factor_checks.comparison import Axes, Change, Tally, compare, tolerance_of
from common.research.factor_checks.trial import Trial


def check_blanking(trial: Trial) -> list[Tally]:
    """Take bars away at random.

    Factors of a symbol alone must be what they are on a calendar without that section. In those that cross, the
    others must see the symbol as one that is no member, and all be as before once no window holds that section; they
    are tried on symbols that share a clock.
    """
    tallies, block = trial.tallies(), trial.block
    group = pick(block, in_step(block).tolist())
    alone = [place for place, facts in enumerate(trial.subject.factors) if not facts.crosses]
    across = [place for place, facts in enumerate(trial.subject.factors) if facts.crosses]
    for part, chosen in ((block, alone), (group, across)):
        if chosen and (part is block or len(part.symbols) > 1):
            whole = trial.subject.run(part)
            for section in trial.sections(1, part.shape[0]):
                _take_away(trial, part, whole, section, chosen, tallies)
    return tallies


def _take_away(  # noqa: PLR0917  what, where, for whom
    trial: Trial, block: Block, whole: Floats, section: int, chosen: list[int], tallies: list[Tally]
) -> None:
    here = np.flatnonzero(present_bars(block)[section])
    if not here.size:
        return
    symbol = int(trial.random.choice(here))
    found = trial.subject.run(without_bar(block, section, symbol))
    axes = Axes(np.arange(block.shape[0]), block.symbols)
    change = Change(f"no bar of {block.symbols[symbol]} at", section)
    nothing = np.full(block.shape, np.nan)
    gone = np.zeros(block.shape, np.bool_)
    gone[section, symbol] = True
    own = _on_own_clock(trial, block, section, symbol)
    aside = trial.subject.run(with_members(block, block.member & ~gone))
    after = own_bars(block, section + 1)
    for place in chosen:
        facts, tally = trial.subject.factors[place], tallies[place]
        compare(tally, nothing, found[place], gone, axes, change)
        tally.compared += 1
        compare(tally, whole[place], found[place], _before(block, section), axes, change)
        if facts.crosses:
            compare(tally, aside[place], found[place], _others(block, section, symbol), axes, change)
        else:
            elsewhere = np.ones(block.shape, np.bool_)
            elsewhere[:, symbol] = False
            compare(tally, whole[place], found[place], elsewhere, axes, change)
            compare(tally, own[place], found[place], ~elsewhere & ~gone, axes, change)
        reach = facts.warm_bars if facts.look_back is None else facts.look_back
        passed = after > reach
        compare(tally, whole[place], found[place], passed, axes, change, tolerance_of(facts))


def _on_own_clock(trial: Trial, block: Block, section: int, symbol: int) -> Floats:
    """What the symbol alone has on a calendar without the section, f8[F, B, S], NaN for the others and in it."""
    values = trial.subject.run(without_section(pick(block, [symbol]), section))
    wide = np.full((values.shape[0], *block.shape), np.nan)
    kept = np.delete(np.arange(block.shape[0]), section)
    wide[:, kept, symbol] = values[:, :, 0]
    return wide


def _before(block: Block, section: int) -> Mask:
    where = np.zeros(block.shape, np.bool_)
    where[:section] = True
    return where


def _others(block: Block, section: int, symbol: int) -> Mask:
    where = np.zeros(block.shape, np.bool_)
    where[section] = True
    where[section, symbol] = False
    return where
