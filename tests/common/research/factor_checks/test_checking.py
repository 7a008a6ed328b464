"""The checks pass what is right, and find every planted fault, in the factor it was planted in and no other."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from common.errors import FactorError
from common.factors.block import DAY_NS, Block, present_bars, sessions_of
from common.factors.kernels.build import Floats
from common.factors.sets import FactorSet
from common.market.constituents import Constituents, Interval
from common.market.parts import BarParts, Part
from common.market.sample import sample_market
from common.market.store import load_bars
from common.research.factor_checks.checking import NO_NUMBER, Outcome, check_factors
from common.research.factor_checks.subject import Facts, Subject
from common.research.factor_checks.table import CHECKS
from common.research.factor_checks.trial import Trial
from common.research.factor_checks.warm_up import check_warm_up
from common.research.factor_checks.window import LEAST_SECTIONS, SESSIONS, Extent, choose_window

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

    return replace(good, run=run)


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


def puts_holes_into_windows(block: Block, values: Floats) -> Floats:
    """The mean of ranks over five sections, and not five bars."""
    ranks = Subject.of(FactorSet("ranks", (("rank", "cs_rank(ts_mean(volume, 4))"),), SET.label)).run(block)[0]
    shifted = [np.vstack([np.full_like(ranks[:back], np.nan), ranks[: len(ranks) - back]]) for back in range(5)]
    known = np.isfinite(shifted)
    mean = np.where(known, shifted, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(np.isnan(values), np.nan, mean)


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
    "puts holes into windows": ("nested", puts_holes_into_windows, "blanking"),
    "asks everyone": ("demeaned", asks_everyone, "membership"),
    "wants members": ("plain", wants_members, "membership"),
}


def failed(outcome: Outcome) -> dict[str, set[str]]:
    """Checks that failed, by factor."""
    return {
        each.facts.name: {check for check, tally in each.tallies.items() if tally.verdict == "fail"}
        for each in outcome.factors
        if each.verdict == "fail"
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


@pytest.mark.parametrize("options", [{"max_gap": 1}, {"reset": "session"}])
def test_when_symbols_start_anew_is_checked_with_the_set(bars: BarParts, options: dict[str, object]) -> None:
    """What starts anew as it says passes and tells how often; an engine that never does is found."""
    anew, never = Subject.of(replace(SET, **options)), Subject.of(SET)  # type: ignore[arg-type]  # a table of options
    bars = in_minutes(bars)
    outcome = check_factors(anew, bars, extent=EXTENT)
    assert failed(outcome) == {}
    assert outcome.anew is not None
    assert outcome.anew > 0
    found = failed(check_factors(replace(anew, run=never.run), bars, extent=EXTENT))
    assert "blanking" in found["trend"]
    assert "plain" not in found
    assert check_factors(never, bars, extent=EXTENT).anew is None


def test_gaps_are_made_where_there_are_none(bars: BarParts) -> None:
    """So that `max_gap` is tried on bars without a hole that is long enough; on too few it cannot be, and says so."""
    anew, never = Subject.of(replace(SET, max_gap=30)), Subject.of(SET)
    outcome = check_factors(anew, bars, extent=EXTENT)
    assert failed(outcome) == {}
    assert (outcome.anew, outcome.made) == (0, True)
    assert failed(check_factors(replace(anew, run=never.run), bars, extent=EXTENT)).keys() >= {"trend", "strength"}
    assert not check_factors(Subject.of(replace(SET, max_gap=300)), bars, extent=EXTENT).made


def test_a_set_that_starts_anew_with_each_session_is_given_some(bars: BarParts) -> None:
    """However few bars its windows ask for; who asks for sections gets those."""
    subject = Subject.of(FactorSet("short", (("one", "ts_mean(close, 2)"),), SET.label, reset="session"))
    random = np.random.default_rng(1)
    daily = choose_window(bars, subject, Extent(sections=130), random)
    assert len(daily.stamp) == 130
    minutes = choose_window(in_minutes(bars), subject, Extent(), random)
    assert len(np.unique(sessions_of(minutes.stamp))) >= SESSIONS
    assert len(minutes.stamp) > LEAST_SECTIONS
    assert len(choose_window(in_minutes(bars), subject, Extent(sections=130), random).stamp) == 130


def in_minutes(bars: BarParts) -> BarParts:
    """The same as if each day had forty of them, and every other symbol none in three of fifty sections."""
    frame = bars.parts[0].frame  # type: ignore[index]  # bars in memory are a tuple of one part
    section = pl.col("time").rank("dense").cast(pl.Int64) - 1
    stamps = section // 40 * DAY_NS + section % 40 * 60_000_000_000
    hole = (section % 50 < 3) & (pl.col("symbol").str.slice(-1).cast(pl.Int64) % 2 == 0)
    return replace(bars, parts=(Part(frame.with_columns(stamp=stamps).filter(~hole), Counter()),))


def test_what_could_not_be_tried_says_why(bars: BarParts) -> None:
    """A factor without a number, and one that compares symbols where each has a clock of its own."""
    nothing = FactorSet("nothing", (("none", "log(0 - close)"), ("plain", "close / open")), SET.label)
    outcome = check_factors(Subject.of(nothing), bars, extent=EXTENT)
    first, second = outcome.factors
    assert (first.verdict, second.verdict) == ("untested", "ok")
    assert outcome.passed
    assert first.untested == {NO_NUMBER: list(CHECKS)}
    assert second.untested == {}


def test_nothing_passes_where_nothing_was_tried(bars: BarParts) -> None:
    """Untested is neither passed nor failed, and all of it is no success."""
    nothing = FactorSet("nothing", (("none", "log(0 - close)"), ("less", "log(0 - open)")), SET.label)
    outcome = check_factors(Subject.of(nothing), bars, extent=EXTENT)
    assert [outcome.count(each) for each in ("ok", "fail", "untested")] == [0, 0, 2]
    assert not outcome.passed


def test_symbols_that_share_no_clock_are_tried_all_the_same(bars: BarParts) -> None:
    """Where the graph says that their cross sections hold nothing of before the start."""
    subject = Subject.of(SET)
    window = choose_window(bars, subject, EXTENT, np.random.default_rng(1)).block
    columns = {name: column.copy() for name, column in window.columns.items()}
    for column in columns.values():
        column[100 + np.arange(len(window.symbols)), np.arange(len(window.symbols))] = np.nan
    block = replace(window, columns=columns)
    tallies = check_warm_up(Trial(subject, block, subject.run(block), 3, np.random.default_rng(1)))
    for facts, tally in zip(subject.factors, tallies, strict=True):
        assert tally.verdict == "ok", facts.name


def test_every_check_has_a_planted_fault() -> None:
    """So that a new check without one fails here."""
    assert {check for _, _, check in FAULTS.values()} == set(CHECKS)


def test_the_same_seed_tries_the_same(bars: BarParts) -> None:
    """To the value."""
    first, second = (check_factors(planted("plain", peeks), bars, extent=EXTENT) for _ in range(2))
    assert repr(first.factors) == repr(second.factors)


def test_too_few_bars_are_refused(bars: BarParts) -> None:
    """Nothing could be shown on them: whoever asked for too few is told of how many, and who has no more of bars."""
    told = "20 sections are too few to check factors that are warm after .* bars: "
    with pytest.raises(FactorError, match=f"{told}give --sections [0-9]+ at least, or leave it out"):
        check_factors(Subject.of(SET), bars, extent=Extent(sections=20))
    few = next(iter(bars.parts)).frame
    short = few.filter(pl.col("time").is_in(few["time"].unique().sort().head(20)))
    parts = replace(bars, parts=[Part(short, {})], sections=20)
    for sections in (None, 200):
        with pytest.raises(FactorError, match=f"{told}the bars have no more; give bars with [0-9]+ sections"):
            check_factors(Subject.of(SET), parts, extent=Extent(sections=sections))


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
