"""Look-ahead: with another future, bars and members, every value up to now stays as it was."""

import numpy as np

from common.research.factor_checks.blocks import with_members, with_other_bars
from common.research.factor_checks.comparison import Change, Tally, compare_all
from common.research.factor_checks.trial import Trial


def check_look_ahead(trial: Trial) -> list[Tally]:
    """Change everything from a random section on, several times."""
    tallies, block = trial.tallies(), trial.block
    for section in trial.futures():
        later = np.zeros(block.shape, np.bool_)
        later[section:] = True
        changed = with_other_bars(block, later, trial.random)
        changed = with_members(changed, block.member & ~(later & (trial.random.random(block.shape) < 0.5)))
        found = trial.subject.run(changed)
        change = Change("other bars and members from", section)
        compare_all(tallies, trial.values, found, ~later, trial.axes(), change)
    return tallies
