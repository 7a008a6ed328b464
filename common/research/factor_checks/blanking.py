"""Blanking: take one bar away, and only values whose window held it change, none into a made-up number."""

import numpy as np

from common.factors.block import Block
from common.factors.kernels.build import Floats
from common.research.factor_checks.blocks import Mask, without_bars
from common.research.factor_checks.comparison import SETTLED, Change, Tally, compare, compare_all
from common.research.factor_checks.piecewise import Pieces
from common.research.factor_checks.subject import Subject
from common.research.factor_checks.trial import Trial


def check_blanking(trial: Trial) -> list[Tally]:
    """Take bars away, one at a time, and as many on end as let a symbol start anew, if the set has it.

    The symbol has nothing in their place; what the graph says cannot have known them stays to the bit; and all is
    what comes of putting the factors together from the bars that are left, where nobody is ever absent.
    """
    tallies, clock = trial.tallies(), trial.subject.clock(trial.block)
    half = (trial.samples + 1) // 2
    lone = [*_drawn(trial, clock.present)[: trial.samples], *_drawn(trial, clock.beside_holes)[:half]]
    gap = gap_made(trial.subject, trial.block)
    for length, bars in ((1, lone), (gap, _drawn(trial, clock.present)[:half] if gap else [])):
        for section, symbol in bars:
            gone = np.zeros(trial.block.shape, np.bool_)
            gone[section : section + length, symbol] = True
            name = trial.block.symbols[symbol]
            words = f"no bar of {name} at" if length == 1 else f"no {length} bars of {name} from"
            _take_away(trial, gone & clock.present, Change(words, section), tallies)
    return tallies


def gap_made(subject: Subject, block: Block) -> int:
    """How many sections without a bar let a symbol start anew; 0 where the set has it not, or there are no more."""
    length = 0 if subject.max_gap is None else subject.max_gap + 1
    return length if length + 2 < block.shape[0] else 0


def _drawn(trial: Trial, where: Mask) -> list[tuple[int, int]]:
    """The section and symbol of each bar told, in random order."""
    return [(int(section), int(symbol)) for section, symbol in trial.random.permutation(np.argwhere(where))]


def _take_away(trial: Trial, gone: Mask, change: Change, tallies: list[Tally]) -> None:
    subject, less = trial.subject, without_bars(trial.block, gone)
    found = subject.run(less)
    _compare_untouched(trial, found, gone, change, tallies)
    right = Pieces.of(less, subject.clock(less)).compute(subject.graph)
    compare_all(tallies, right, found, np.ones(gone.shape, np.bool_), trial.axes(), change)


def _compare_untouched(trial: Trial, found: Floats, gone: Mask, change: Change, tallies: list[Tally]) -> None:
    """What was there with the bar, where nothing that is read held it; a recursion's trace of it may fade."""
    axes, nothing = trial.axes(), np.full(gone.shape, np.nan)
    spread = trial.spread(gone)
    for tally, values, less, one in zip(tallies, trial.values, found, spread, strict=True):
        compare(tally, nothing, less, gone, axes, change)
        compare(tally, values, less, ~(one.changed | one.fading), axes, change)
        compare(tally, values, less, one.fading & ~one.changed, axes, change, SETTLED)
        tally.compared += int(np.isfinite(values[gone]).sum())
