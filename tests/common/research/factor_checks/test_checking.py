"""The checks pass what is right, and find every planted fault, in the factor it was planted in and no other."""

from collections.abc import Callable

import numpy as np
import pytest

from common.errors import FactorError
from common.factors.block import Block, present_bars
from common.factors.kernels.build import Floats
from common.factors.sets import FactorSet
from common.market.constituents import Constituents, Interval
from common.market.parts import BarParts
from common.market.sample import sample_market
from common.market.store import load_bars
from common.research.factor_checks.checking import Outcome, check_factors
from common.research.factor_checks.subject import Facts, Subject
from common.research.factor_checks.table import CHECKS
from common.research.factor_checks.window import Extent

SET = FactorSet(
    "good",
    (
        ("plain", "close / open - 1"),
        ("mean", "ts_mean(close, 5) / close"),
        ("trend", "ts_slope(ts_delay(close, 2), 7)"),
        ("rank", "cs_rank(ts_delta(close, 3))"),
        ("nested", "ts_mean(cs_rank(ts_mean(volume, 4)), 5)"),
        ("strength", "ta_rsi(close, 4)"),
        ("demeaned", "close - cs_mean(close)"),
    ),
    "ts_delay(close, -1) / close - 1",
)
NAMES = [name for name, _ in SET.factors]
EXTENT = Extent(symbols=14, sections=220, samples=4)

Plant = Callable[[Block, Floats], Floats]


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> BarParts:
    """A small market with late listings, holes and bad rows."""
    path = tmp_path_factory.mktemp("bars") / "bars.parquet"
    sample_market(symbols=24, days=260).write_parquet(path)
    return BarParts.of(load_bars(path))


def planted(name: str, plant: Plant) -> Subject:
    """The set under an engine with a fault in one factor."""
    good, place = Subject.of(SET), NAMES.index(name)

    def run(block: Block) -> Floats:
        values = good.run(block)
        values[place] = plant(block, values[place])
        return values

    return Subject(good.factors, run)


def peeks(_block: Block, values: Floats) -> Floats:
    """The next section's value."""
    return np.vstack([values[1:], values[-1:]])


def knows_the_whole(_block: Block, values: Floats) -> Floats:
    """Normalised by the largest value of all time."""
    normalised: Floats = values / np.nanmax(np.abs(values))
    return normalised


def remembers_its_start(block: Block, values: Floats) -> Floats:
    """Adds a thousandth of how long ago the first bar was."""
    return values + 0.001 * np.cumsum(present_bars(block), axis=0)


def seems_warm_too_early(block: Block, values: Floats) -> Floats:
    """A window of 30 although it says 5."""
    close = block.columns["close"]
    return np.array([close[max(0, row - 29) : row + 1].sum(axis=0) for row in range(len(close))]) + 0.0 * values


def fills_forward(block: Block, values: Floats) -> Floats:
    """Yesterday's value where there is no bar."""
    filled, present = values.copy(), present_bars(block)
    for row in range(1, len(filled)):
        filled[row] = np.where(present[row], filled[row], filled[row - 1])
    return filled


def takes_a_hole_for_zero(block: Block, _values: Floats) -> Floats:
    """A difference to the section before, bar or no bar."""
    close = np.nan_to_num(block.columns["close"])
    moved = np.vstack([np.full_like(close[:1], np.nan), close[1:] - close[:-1]])
    return np.where(present_bars(block), moved, np.nan)


def asks_everyone(block: Block, values: Floats) -> Floats:
    """The mean over all symbols with a bar, members or not."""
    close, present = block.columns["close"], present_bars(block)
    total = np.where(present, close, 0.0).sum(axis=1, keepdims=True)
    mean = total / np.maximum(present.sum(axis=1, keepdims=True), 1)
    return np.where(np.isnan(values), np.nan, close - mean)


def wants_members(block: Block, values: Floats) -> Floats:
    """Nothing for who is no member, in a factor that is said not to cross."""
    return np.where(block.member, values, np.nan)


FAULTS: dict[str, tuple[str, Plant, str]] = {
    "peeks": ("plain", peeks, "look-ahead"),
    "peeks across": ("rank", peeks, "look-ahead"),
    "peeks, recursive": ("strength", peeks, "look-ahead"),
    "knows the whole": ("mean", knows_the_whole, "look-ahead"),
    "remembers its start": ("trend", remembers_its_start, "warm-up"),
    "remembers its start, across": ("nested", remembers_its_start, "warm-up"),
    "remembers its start, recursive": ("strength", remembers_its_start, "warm-up"),
    "seems warm too early": ("mean", seems_warm_too_early, "warm-up"),
    "fills forward": ("mean", fills_forward, "blanking"),
    "fills forward, across": ("rank", fills_forward, "blanking"),
    "takes a hole for zero": ("trend", takes_a_hole_for_zero, "blanking"),
    "asks everyone": ("demeaned", asks_everyone, "membership"),
    "wants members": ("plain", wants_members, "membership"),
}


def failed(outcome: Outcome) -> dict[str, set[str]]:
    """Checks that failed, by factor."""
    return {
        each.facts.name: {check for check, tally in each.tallies.items() if tally.verdict == "fail"}
        for each in outcome.factors
        if not each.passed
    }


def test_what_is_right_passes(bars: BarParts) -> None:
    """Every factor of every kind is tried by every check, and passes."""
    outcome = check_factors(Subject.of(SET), bars, extent=EXTENT)
    assert failed(outcome) == {}
    assert {tally.verdict for each in outcome.factors for tally in each.tallies.values()} == {"ok"}
    assert all(each.known == 1.0 for each in outcome.factors)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(fault: str, bars: BarParts) -> None:
    """By the check it belongs to, in its factor alone, with the first place where it shows."""
    name, plant, check = FAULTS[fault]
    outcome = check_factors(planted(name, plant), bars, extent=EXTENT)
    found = failed(outcome)
    assert set(found) == {name}
    assert check in found[name]
    tally = outcome.factors[NAMES.index(name)].tallies[check]
    assert tally.differing > 0
    assert tally.first is not None
    assert tally.first.symbol in outcome.window.block.symbols
    assert 0 <= tally.first.section < len(outcome.window.stamp)
    assert tally.first.expected != tally.first.found


def test_every_check_has_a_planted_fault() -> None:
    """So that a new check without one fails here."""
    assert {check for _, _, check in FAULTS.values()} == set(CHECKS)


def test_the_same_seed_tries_the_same(bars: BarParts) -> None:
    """To the value."""
    first, second = (check_factors(planted("plain", peeks), bars, extent=EXTENT) for _ in range(2))
    assert repr(first.factors) == repr(second.factors)


def test_too_few_bars_are_refused(bars: BarParts) -> None:
    """Nothing could be shown on them."""
    with pytest.raises(FactorError, match="too few to check factors that are warm after"):
        check_factors(Subject.of(SET), bars, extent=Extent(sections=20))


def test_what_a_factor_says_of_itself() -> None:
    """Look-back, warm length and whether it crosses are read from its text."""
    facts = {each.name: each for each in Subject.of(SET).factors}
    assert facts["mean"] == Facts("mean", "ts_mean(close, 5) / close", 4, 5, crosses=False)
    assert (facts["nested"].look_back, facts["nested"].crosses) == (7, True)
    assert facts["strength"].look_back is None


def test_bars_of_members_alone(bars: BarParts) -> None:
    """With constituents the members of the window are theirs; nothing else fails or passes for it."""
    named = sorted(bars.symbols)[:15]
    constituents = Constituents.of(Interval(symbol, 0, 2**61) for symbol in named)
    outcome = check_factors(Subject.of(SET), bars, extent=EXTENT, constituents=constituents)
    member = outcome.window.block.member
    assert failed(outcome) == {}
    assert {outcome.window.block.symbols[place] for place in np.flatnonzero(member.any(axis=0))} <= set(named)
