"""Membership: cross sections are of members as of then, and nothing else depends on who is one."""

import numpy as np

from common.factors.block import Block
from common.factors.kernels.build import Floats
from common.research.factor_checks.blocks import Mask, pick, some_members, with_members, with_other_bars
from common.research.factor_checks.comparison import Axes, Change, Tally, compare, compare_all
from common.research.factor_checks.trial import Trial


def check_membership(trial: Trial) -> list[Tally]:
    """Make up members, several times; later members, and who is never one, must not matter."""
    tallies = trial.tallies()
    for section in trial.futures():
        block = with_members(trial.block, some_members(trial.block, trial.random))
        values = trial.subject.run(block)
        _change_later_members(trial, block, values, section, tallies)
        _change_strangers(trial, block, values, tallies)
        _leave_strangers_out(trial, block, values, tallies)
        _change_members(trial, values, tallies)
    return tallies


def _change_later_members(trial: Trial, block: Block, values: Floats, section: int, tallies: list[Tally]) -> None:
    later = np.zeros(block.shape, np.bool_)
    later[section:] = True
    member = np.where(later, some_members(trial.block, trial.random), block.member)
    found = trial.subject.run(with_members(block, member))
    compare_all(tallies, values, found, ~later, trial.axes(), Change("other members from", section))


def _change_strangers(trial: Trial, block: Block, values: Floats, tallies: list[Tally]) -> None:
    strange = np.broadcast_to(_strangers(block), block.shape)
    found = trial.subject.run(with_other_bars(block, strange, trial.random))
    compare_all(tallies, values, found, ~strange, trial.axes(), Change("other bars of non-members from", 0))


def _leave_strangers_out(trial: Trial, block: Block, values: Floats, tallies: list[Tally]) -> None:
    kept = np.flatnonzero(~_strangers(block))
    if not kept.size:
        return
    found = trial.subject.run(pick(block, kept.tolist()))
    axes = Axes(np.arange(block.shape[0]), tuple(block.symbols[place] for place in kept))
    compare_all(
        tallies,
        values[:, :, kept],
        found,
        np.ones(found.shape[1:], np.bool_),
        axes,
        Change("no bar of non-members from", 0),
    )


def _change_members(trial: Trial, values: Floats, tallies: list[Tally]) -> None:
    everywhere = np.ones(values.shape[1:], np.bool_)
    for facts, tally, expected, found in zip(trial.subject.factors, tallies, trial.values, values, strict=True):
        if not facts.crosses:
            compare(tally, expected, found, everywhere, trial.axes(), Change("other members from", 0))


def _strangers(block: Block) -> Mask:
    return np.logical_not(np.asarray(block.member.any(axis=0)))
