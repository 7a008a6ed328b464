"""A twentieth of the long run; `python -m tests.common.factors.long_run` is the whole."""

import numpy as np

from common.factors.definition import Kind
from common.factors.operators import TABLE
from tests.common.factors.long_run import FOLDS, RECURSIVE, SPIKES, WHOLE, WINDOWS, run, spiked

TWENTIETH = WHOLE // 20


def test_nothing_of_the_past_stays_in_a_fold_or_drifts_in_a_recursion() -> None:
    """Folds equal a fresh engine's to the bit; recursive ones TA-Lib's, over all bars, to 1e-12 of their scale."""
    report = run(TWENTIETH, seed=1)
    assert report.windows > 1000
    assert max(report.apart.values()) <= 1e-12, report.apart


def test_every_operator_that_remembers_is_run() -> None:
    """A new one is taken along, or fails here."""
    assert {name.split()[0] for name in FOLDS} == {row.name for row in TABLE if row.kind is Kind.FOLD}
    assert len(FOLDS) == len(WINDOWS) * len({name.split()[0] for name in FOLDS})
    assert set(RECURSIVE) == {row.name for row in TABLE if row.kind is Kind.RECURSIVE}


def test_the_history_holds_what_it_should() -> None:
    """Every spike in every column, and bars that are missing."""
    block = spiked(TWENTIETH, seed=1)
    for column in block.columns.values():
        for spike in SPIKES:
            assert np.isnan(column).any() if np.isnan(spike) else (column == spike).any()
    assert np.all([np.isnan(column) for column in block.columns.values()], axis=0).any()
