"""Where nothing moves a quotient keeps its seed: what the checks make of it, and that it is so."""

from dataclasses import replace

import numpy as np
import pytest

from common.factors.operators import TABLE
from common.factors.sets import FactorSet
from common.research.factor_checks.blanking import check_blanking
from common.research.factor_checks.blocks import cut
from common.research.factor_checks.comparison import Tally
from common.research.factor_checks.subject import Subject
from common.research.factor_checks.trial import Trial
from common.research.factor_checks.warm_up import STILL, check_warm_up
from tests.common.factors.panels import LABEL, Floats, block_of

SECTIONS, SYMBOLS = 260, 3
TEXTS = {
    "ta_rsi": "ta_rsi(close, 2)",
    "ta_adx": "ta_adx(high, low, close, 2)",
    "ta_plus_di": "ta_plus_di(high, low, close, 2)",
    "ta_minus_di": "ta_minus_di(high, low, close, 2)",
}
READERS = {
    **TEXTS,
    "of a mean": "ta_rsi(ts_mean(close, 3), 2)",
    "in a window": "ts_mean(ta_rsi(close, 2), 10)",
    "in a section": "cs_mean(ta_plus_di(high, low, close, 2))",
    "ranked": "cs_rank(ta_rsi(close, 2))",
    "of a mean of one": "ta_ema(ta_rsi(close, 2), 3)",
}


def prices(still: slice, symbols: slice = slice(None)) -> dict[str, Floats]:
    """Random walks that stand still for a while: volume, and no movement."""
    random = np.random.default_rng(3)
    steps, span = random.normal(0, 1, (SECTIONS, SYMBOLS)), random.uniform(0, 1, (2, SECTIONS, SYMBOLS))
    steps[still, symbols] = span[:, still, symbols] = 0.0
    close = 100 + np.cumsum(steps, axis=0)
    return {"close": close, "high": close + span[0], "low": close - span[1], "volume": np.ones(close.shape)}


def trial_of(text: str, columns: dict[str, Floats], **options: object) -> Trial:
    """One factor on these bars."""
    subject = Subject.of(FactorSet("one", (("it", text),), LABEL, **options))  # type: ignore[arg-type]  # a table
    block = block_of(columns, np.ones((SECTIONS, SYMBOLS), np.bool_))
    return Trial(subject, block, subject.run(block), 24, np.random.default_rng(5))


def warmed(trial: Trial) -> Tally:
    """What the check of warm-up finds."""
    (tally,) = check_warm_up(trial)
    return tally


def test_every_quotient_of_the_table_is_tried_here() -> None:
    """A new one is taken along, or fails here."""
    assert set(TEXTS) == {row.name for row in TABLE if row.quotient is not None}


@pytest.mark.parametrize("name", TEXTS)
def test_a_seed_stays_where_nothing_moves(name: str) -> None:
    """The rule is needed: started shortly before the stand, it is another number for as long as that lasts."""
    trial = trial_of(TEXTS[name], prices(slice(60, 250)))
    late = trial.subject.run(cut(trial.block, 50, SECTIONS))[0]
    apart = np.abs(late[250 - 51] - trial.values[0, 249]).max()
    assert trial.subject.warm_bars < 249 - 50
    assert apart > 1e-6


@pytest.mark.parametrize("name", READERS)
def test_a_symbol_that_stood_still_fails_nothing(name: str) -> None:
    """One of three, for half of the bars, then all of them: what moves is tried, what stands is not."""
    for symbols in (slice(0, 1), slice(None)):
        trial = trial_of(READERS[name], prices(slice(60, 190), symbols))
        assert warmed(trial).verdict == "ok"
        assert check_blanking(trial)[0].verdict == "ok"


@pytest.mark.parametrize("name", TEXTS)
def test_where_nothing_moved_it_is_untested_and_says_why(name: str) -> None:
    """Neither a failure nor a success."""
    tally = warmed(trial_of(TEXTS[name], prices(slice(20, SECTIONS))))
    assert (tally.verdict, tally.why, tally.compared) == ("untested", STILL, 0)


@pytest.mark.parametrize("options", [{}, {"max_gap": 2}])
def test_holes_and_starts_are_no_movement(options: dict[str, object]) -> None:
    """A symbol that is away while it stands, and one that starts anew within the stand."""
    columns = prices(slice(60, 190))
    for column in columns.values():
        column[90:92, 0] = column[120:130, 1] = np.nan
    for text in TEXTS.values():
        trial = trial_of(text, columns, **options)
        assert warmed(trial).verdict == "ok"
        assert check_blanking(trial)[0].verdict == "ok"


def test_what_moves_is_tried_as_before() -> None:
    """A fault in a quotient is found while others stand still."""
    trial = trial_of(TEXTS["ta_rsi"], prices(slice(60, 190), slice(0, 1)))
    good = trial.subject.run
    faulty = replace(trial.subject, run=lambda block: good(block) + 0.001 * np.arange(block.shape[0])[:, None])
    tally = warmed(replace(trial, subject=faulty, values=faulty.run(trial.block)))
    assert tally.verdict == "fail"
    assert tally.first is not None
