"""What a signal section says: flags by precedence, values where they are allowed, holding without a change."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from alphabus.messages import Flag, Mode, Origin, Reason, Status
from alphabus.testing import day_ns
from services.inference_worker.composition import Spoken, computed, flag_symbols, held, speak, void
from services.inference_worker.section import Section
from tests.services.inference_worker.scene import DUTY, FEATURES, JOURNAL, MODEL, content, make_factors

NAN = float("nan")

# Member, present, warm, both features, one feature: the first that is missing names the flag.
FIRST_MISSING = (Flag.NOT_MEMBER, Flag.NO_BAR, Flag.COLD, Flag.FEW_FEATURES)


def section(bar: int) -> Section:
    """A section that is due."""
    return Section(JOURNAL, bar, Mode.REPLAY, day_ns(bar), day_ns(bar) - 1, 0)


@pytest.mark.parametrize("marks", list(product([1, 0], repeat=4)))
def test_the_first_reason_wins(marks: tuple[int, ...]) -> None:
    """Not a member, no bar, cold, too few features: in this order, over every combination."""
    member, present, warm, enough = marks
    value = 1.0 if enough else NAN
    factors = make_factors(
        1, symbols=("A",), member=[member], present=[present], warm=[warm], alpha=[value], beta=[value]
    )
    expected = next((flag for mark, flag in zip(marks, FIRST_MISSING, strict=True) if not mark), Flag.OK)
    assert flag_symbols(factors, FEATURES, 0.5).tolist() == [expected]


def test_every_flag_is_shown() -> None:
    """GATED is said by what publishes void; a new flag needs a test."""
    assert {*FIRST_MISSING, Flag.OK, Flag.GATED} == set(Flag)


@pytest.mark.parametrize(("share", "flag"), [(0.0, Flag.OK), (0.5, Flag.OK), (0.51, Flag.FEW_FEATURES)])
def test_few_features_is_a_share(share: float, flag: Flag) -> None:
    """One of two finite features is half; infinity is none."""
    factors = make_factors(1, symbols=("A",), beta=[float("inf")])
    assert flag_symbols(factors, FEATURES, share).tolist() == [flag]


def test_values_only_where_the_flag_allows() -> None:
    """Whatever the model said of others."""
    flags = np.array([Flag.OK, Flag.COLD, Flag.OK], np.uint8)
    spoken = speak(section(4), make_factors(4), np.array([1.0, 2.0, 3.0]), flags, MODEL)
    assert str(spoken.values.tolist()) == "[1.0, nan, 3.0]"
    assert spoken.origin == Origin(4, day_ns(4))


def test_what_nobody_has_a_value_in_is_fresh() -> None:
    """The status says how it came about; why nobody has one, the flags say."""
    bar = section(4)
    factors = make_factors(4, warm=[0, 0, 0])
    bar.fill(factors, 0)
    spoken = speak(bar, factors, np.zeros(3), flag_symbols(factors, FEATURES, 0.5), MODEL)
    fresh = computed(bar, spoken, DUTY, late=False, times=(0, 5))
    assert (fresh.status, fresh.reason, set(fresh.columns["flag"].tolist())) == (Status.FRESH, "", {Flag.COLD})
    assert np.isnan(fresh.columns["signal"]).all()


def test_holding_changes_nothing() -> None:
    """Held once or over and again, or recalled from what was published: values, flags, universe, origin, model."""
    flags = np.array([Flag.OK, Flag.COLD, Flag.OK], np.uint8)
    spoken = speak(section(4), make_factors(4), np.array([1.0, 2.0, -0.0]), flags, MODEL)
    computed_of = section(4)
    computed_of.fill(make_factors(4), 0)
    fresh = computed(computed_of, spoken, DUTY, late=False, times=(0, 5))
    once = held(section(5), DUTY, spoken, Reason.TIMEOUT)
    recalled = Spoken.of(once)
    assert recalled is not None
    twice = held(section(6), DUTY, recalled, Reason.NO_BARS)
    assert content(fresh) == content(once) == content(twice)
    assert (once.age, twice.age) == (1, 2)
    assert (twice.bar, twice.time, twice.status, twice.reason) == (6, day_ns(6), Status.HELD, Reason.NO_BARS)


def test_nothing_said_is_nothing_recalled() -> None:
    """A void section before which nothing was computed."""
    assert Spoken.of(void(section(1), DUTY, None, Reason.NOTHING_YET)) is None
