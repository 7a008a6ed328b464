"""Ranks of all arms, weighted by capital: who takes part, who counts how much, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabus.codec import decode, encode
from alphabus.messages import Delivery, Flag, Model, Reason, Signals, Status, universe_digest
from alphabus.testing import signals
from services.inference_worker.blend import ARM, Blend, compose, ranks
from tests.services.inference_worker.scene import flags

NAN = float("nan")
KNOWN: dict[bytes, tuple[str, ...]] = {}


def said(arm: str, values: Mapping[str, float], capital: float, *, bar: int = 7, age: int = 0,
         status: Status | None = None, reason: Reason = Reason.NONE, revision: int = 0) -> Signals:  # fmt: skip
    """An arm's section; held when it has an age and no other status is given."""
    names = tuple(sorted(values))
    KNOWN[universe_digest(names)] = names
    status = status or (Status.HELD if age else Status.FRESH)
    model = Model(f"of-{arm}", 1, f"{ord(arm[0]):02x}" * 32)
    section = signals(bar, values, arm=arm, age=age, status=status, reason=reason, revision=revision, model=model)
    return replace(section, capital=capital)


def void(arm: str, capital: float, reason: Reason, names: str = "AB") -> Signals:
    """An arm without an opinion."""
    return said(arm, dict.fromkeys(names, NAN), capital, status=Status.VOID, reason=reason)


def blended(*parts: Signals) -> Signals:
    """All of them."""
    return compose(parts, KNOWN.__getitem__)


def values_of(section: Signals) -> dict[str, float]:
    """Values by symbol."""
    return dict(zip(KNOWN[section.universe], section.values.tolist(), strict=True))


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([5.0], [0.0]),
        ([NAN, 5.0], [NAN, 0.0]),
        ([1.0, 3.0, 2.0, 1e300], [-0.375, 0.125, -0.125, 0.375]),
        ([1.0, 1.0, 2.0, NAN], [-1 / 6, -1 / 6, 1 / 3, NAN]),
        ([0.0, -0.0], [0.0, 0.0]),
    ],
)
def test_ranks(values: Sequence[float], expected: Sequence[float]) -> None:
    """Centred, scaled by how many there are, equal values sharing the middle of theirs."""
    np.testing.assert_allclose(ranks(np.array(values)), np.array(expected), rtol=1e-15)


@given(st.lists(st.floats(-10, 10) | st.just(NAN), max_size=30))
def test_ranks_depend_on_the_order_alone(values: list[float]) -> None:
    """They sum to nothing, keep the order, and no growing function changes them."""
    found = ranks(np.array(values))
    assert abs(np.nansum(found)) < 1e-9
    assert (np.abs(found[~np.isnan(found)]) < 0.5).all()
    column = np.array(values)
    assert (np.isnan(found) == np.isnan(column)).all()
    np.testing.assert_array_equal(ranks(column * 4.0), found)
    order = np.argsort(column[~np.isnan(column)])
    assert (np.diff(found[~np.isnan(column)][order]) >= 0.0).all()


def test_capital_weighs() -> None:
    """One arm ranks A over B, the other the opposite: the one with more capital prevails by that much."""
    section = blended(said("a", {"A": 2.0, "B": 1.0}, 0.6), said("b", {"A": 100.0, "B": 200.0}, 0.2))
    assert values_of(section) == pytest.approx({"A": 0.125, "B": -0.125})
    assert (section.arm, section.capital, section.status, section.age) == (ARM, 0.8, Status.FRESH, 0)
    assert section.model.name == "blend"
    assert decode(encode(Delivery("test/signals/blend/", 1, 1, 0, section))).message is not None


def test_the_digest_names_models_and_capital() -> None:
    """Another share of the same models is another blend."""
    parts = [said("a", {"A": 1.0}, 0.5), said("b", {"A": 1.0}, 0.5)]
    first, other = blended(*parts), blended(parts[0], replace(parts[1], capital=0.4))
    assert first.model.digest != other.model.digest
    assert blended(*parts).model == first.model


def test_void_arms_drop_out() -> None:
    """Weights of the rest count as if it were all; a default is no opinion either."""
    alone = blended(said("a", {"A": 2.0, "B": 1.0}, 0.2))
    silent = (void("v", 0.7, Reason.HALTED), said("d", {"A": 1.0, "B": 1.0}, 0.1, status=Status.DEFAULT))
    section = blended(said("a", {"A": 2.0, "B": 1.0}, 0.2), *silent)
    assert values_of(section) == values_of(alone)
    assert (section.capital, section.status) == (0.2, Status.FRESH)


def test_nobody_has_an_opinion() -> None:
    """Void for the reason of the most capital; if there are only defaults, because nothing was computed."""
    section = blended(void("a", 0.3, Reason.MAX_AGE), void("b", 0.6, Reason.HALTED))
    assert (section.status, section.reason, section.capital) == (Status.VOID, Reason.HALTED, 0.0)
    assert np.isnan(section.values).all()
    assert flags(section) == [Flag.GATED] * 2
    defaults = blended(said("d", {"A": 0.0}, 1.0, status=Status.DEFAULT, reason=Reason.TIMEOUT))
    assert (defaults.status, defaults.reason) == (Status.VOID, Reason.NOTHING_YET)


@pytest.mark.parametrize(("second", "has"), [(0.49, False), (0.5, True), (0.51, True)])
def test_half_of_the_capital(second: float, has: bool) -> None:  # noqa: FBT001  a table
    """Of those that speak at all; a symbol of which fewer have an opinion is withheld."""
    parts = said("a", {"A": 1.0, "B": NAN}, 1.0 - second), said("b", {"A": 1.0, "B": 2.0}, second)
    section = blended(*parts, void("v", 0.9, Reason.MODEL_AGE))
    assert np.isfinite(values_of(section)["B"]) == has
    assert flags(section) == [Flag.OK, Flag.OK if has else Flag.NO_BAR]


def test_half_is_half_whatever_floats_make_of_it() -> None:
    """Shares of which the sums round: 0.01 + 0.02 is a little less than half of 0.01 + 0.02 + 0.02 + 0.01."""
    has, has_not = {"A": 1.0, "B": 2.0}, {"A": 1.0, "B": NAN}
    section = blended(said("a", has, 0.01), said("b", has, 0.02), said("c", has_not, 0.02), said("d", has_not, 0.01))
    assert np.isfinite(values_of(section)["B"])


def test_withheld_where_the_leading_arm_alone_has_an_opinion() -> None:
    """The flag is that of the arm whose universe it is, unless that arm had a value."""
    section = blended(said("a", {"A": 1.0, "B": 3.0}, 0.2), said("b", {"A": 1.0, "B": NAN}, 0.6))
    assert flags(section) == [Flag.OK, Flag.GATED]


def test_other_symbols() -> None:
    """A held section may be of another list: names count, and the newest list is that of the blend."""
    old = said("a", {"A": 2.0, "C": 1.0}, 0.5, age=2, reason=Reason.TIMEOUT)
    section = blended(old, said("b", {"A": 1.0, "B": 2.0}, 0.5))
    assert values_of(section) == pytest.approx({"A": 0.0, "B": 0.25})
    assert (section.status, section.reason, section.age) == (Status.HELD, Reason.TIMEOUT, 2)
    assert section.computed_from == old.computed_from


def test_whoever_has_left_has_no_value() -> None:
    """The newest arm says that it is no member; what another arm holds of it is from before."""
    newest = said("a", {"A": 1.0, "B": 2.0, "C": NAN}, 0.3)
    gone = replace(newest, columns={**newest.columns, "flag": np.array([0, 0, Flag.NOT_MEMBER], np.uint8)})
    old = said("b", {"A": 1.0, "B": 2.0, "C": 3.0}, 0.7, age=1, reason=Reason.TIMEOUT)
    section = blended(old, gone)
    assert np.isfinite(section.values).tolist() == [True, True, False]
    assert flags(section) == [Flag.OK, Flag.OK, Flag.NOT_MEMBER]


def test_a_revision_that_is_recalled_is_no_word_of_the_bar() -> None:
    """What the blend would have taken is what the arm said first, in whatever order both are recalled."""
    first = said("a", {"A": 1.0, "B": 2.0}, 0.5, bar=5, age=1, reason=Reason.TIMEOUT)
    late = said("a", {"A": 2.0, "B": 1.0}, 0.5, bar=5, status=Status.LATE, revision=1)
    for recalled in ((first, late), (late, first)):
        blend = Blend({"a": 0.5, "b": 0.5}, KNOWN.__getitem__)
        for word in recalled:
            blend.recall(word)
        (section,) = blend.add(said("b", {"A": 1.0, "B": 2.0}, 0.5, bar=5))
        assert (section.status, section.reason, section.capital) == (Status.HELD, Reason.TIMEOUT, 1.0)
        assert values_of(section) == pytest.approx({"A": -0.25, "B": 0.25})


def test_collected_in_order() -> None:
    """A bar is blended once all arms with capital have spoken of it; shadows and revisions change nothing."""
    blend = Blend({"a": 0.5, "b": 0.5, "shadow": 0.0}, KNOWN.__getitem__)
    values = {"A": 1.0, "B": 2.0}
    revised = said("a", values, 0.5, bar=1, status=Status.LATE, revision=1)
    assert blend.add(said("a", values, 0.5, bar=1)) == []
    assert blend.add(said("a", values, 0.5, bar=2)) == []
    assert blend.add(said("shadow", values, 0.0, bar=1)) == []
    assert blend.add(revised) == []
    (first,) = blend.add(said("b", values, 0.5, bar=1))
    assert (first.bar, first.capital, first.status) == (1, 1.0, Status.FRESH)
    assert blend.add(revised) == []
    assert blend.add(said("a", values, 0.5, bar=1)) == []
    assert [it.bar for it in blend.add(said("b", values, 0.5, bar=2))] == [2]
    assert blend.last_bar == 2


def test_an_arm_that_spoke_before_a_restart() -> None:
    """What it said is not here any more: the blend is of the others, rather than of nobody for ever."""
    blend = Blend({"a": 0.5, "b": 0.5}, KNOWN.__getitem__)
    blend.recall(said("a", {"A": 1.0}, 0.5, bar=6))
    blend.recall(said(ARM, {"A": 0.0}, 1.0, bar=3))
    blended_later = [it for bar in (3, 4, 5, 6) for it in blend.add(said("b", {"A": 1.0}, 0.5, bar=bar))]
    assert [(it.bar, it.capital) for it in blended_later] == [(4, 0.5), (5, 0.5), (6, 1.0)]


@given(st.permutations(["a", "b", ARM, "shadow"]), st.sampled_from([(0, 0), (1, 0), (0, 1)]))
def test_a_restart_loses_no_blend(order: list[str], lead: tuple[int, int]) -> None:
    """Whatever is recalled first, and whoever was a bar ahead: the next bars are blended of all, once each."""
    ahead, unsaid = lead
    last = {"a": 5 + ahead, "b": 5, ARM: 5 - unsaid, "shadow": 9}
    blend = Blend({"a": 0.5, "b": 0.5, "shadow": 0.0}, KNOWN.__getitem__)
    for arm in order:
        blend.recall(said(arm, {"A": 1.0}, 0.5, bar=last[arm]))
    turns = [(arm, bar) for bar in (6, 7) for arm in ("a", "b") if bar > last[arm]]
    blended_later = [it for arm, bar in turns for it in blend.add(said(arm, {"A": 1.0}, 0.5, bar=bar))]
    assert [(it.bar, it.capital) for it in blended_later] == [(bar, 1.0) for bar in range(last[ARM] + 1, 8)]


def test_another_journal() -> None:
    """Its numbers mean other sections."""
    blend = Blend({"a": 1.0, "b": 0.0}, KNOWN.__getitem__)
    blend.add(said("a", {"A": 1.0}, 1.0, bar=9))
    blend.forget()
    assert [it.bar for it in blend.add(said("a", {"A": 1.0}, 1.0, bar=1))] == [1]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 3)), max_size=30))
def test_every_bar_once_and_in_order(turns: list[tuple[str, int]]) -> None:
    """However the arms take turns, and whatever they do not know: what is blended is what both are past."""
    blend, at, bars = Blend({"a": 0.5, "b": 0.5}, KNOWN.__getitem__), {"a": 0, "b": 0}, list[int]()
    for arm, skipped in turns:
        at[arm] += 1 + skipped // 3
        bars += [it.bar for it in blend.add(said(arm, {"A": 1.0}, 0.5, bar=at[arm]))]
        assert bars == sorted(set(bars))
        assert all(bar <= min(at.values()) for bar in bars)
        assert len(blend._said) <= abs(at["a"] - at["b"])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize(("revision", "bars"), [(0, [100, 101]), (1, [101])])
def test_a_blend_without_a_record_begins_where_all_its_arms_are_known(
    order: Sequence[int], revision: int, bars: list[int]
) -> None:
    """It was turned on at a restart, and its arms were at unequal bars: no bar is blended of a part of them.

    What an arm said first of a bar that was revised is not known either.
    """
    status = Status.LATE if revision else Status.FRESH
    last = (
        said("a", {"A": 1.0}, 0.9, bar=100, status=status, revision=revision),
        said("b", {"A": 1.0}, 0.1, bar=99),
    )
    blend = Blend({"a": 0.9, "b": 0.1}, KNOWN.__getitem__)
    for at in order:
        blend.recall(last[at])
    turns = [*(last[at] for at in order), said("b", {"A": 1.0}, 0.1, bar=100)]
    turns += [said(arm, {"A": 1.0}, capital, bar=101) for arm, capital in (("a", 0.9), ("b", 0.1))]
    assert [(it.bar, it.capital) for turn in turns for it in blend.add(turn)] == [(bar, 1.0) for bar in bars]


@pytest.mark.parametrize("deadline", [False, True])
def test_what_a_restart_kept_from_being_said_is_not_fresh(*, deadline: bool) -> None:
    """Where a section's time passes nothing is said of it; a wait knows no section that is late."""
    blend = Blend({"a": 0.5, "b": 0.5}, KNOWN.__getitem__, deadline=deadline)
    words = [said(arm, {"A": 1.0, "B": 2.0}, 0.5, bar=4) for arm in "ab"]
    for word in words:
        blend.recall(word)
    (found,) = blend.resume()
    assert (found.bar, found.revision, len(encode(Delivery("t/", 1, 1, 0, found)))) == (4, 0, 3)
    if deadline:
        assert (found.status, found.reason, found.capital) == (Status.VOID, Reason.NOTHING_YET, 0.0)
        assert np.isnan(found.values).all()
    else:
        assert found.status is Status.FRESH
        assert values_of(found) == values_of(compose(words, KNOWN.__getitem__))


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (said("b", {"A": 1.0}, 0.5, bar=4), Status.FRESH),
        (replace(void("b", 0.5, Reason.NOTHING_YET, "A"), bar=4), Status.VOID),
        (said("b", {"A": 1.0}, 0.5, bar=4, age=1), Status.HELD),
    ],
)
def test_a_section_that_was_half_said_is_as_late_as_the_word_that_completes_it(
    second: Signals, expected: Status
) -> None:
    """Who is fresh is in time; who has nothing to say may be far behind the deadline."""
    blend = Blend({"a": 0.5, "b": 0.5}, KNOWN.__getitem__, deadline=True)
    blend.recall(said("a", {"A": 1.0}, 0.5, bar=4))
    assert blend.resume() == []
    assert [it.status for it in blend.add(second)] == [expected]
    after = [it for arm in "ab" for it in blend.add(said(arm, {"A": 1.0}, 0.5, bar=5))]
    assert [it.status for it in after] == [Status.FRESH]


def test_a_word_of_the_next_bar_does_not_make_the_one_before_it_fresh() -> None:
    """An arm that is past a bar completes it: whoever is in time now was not asked of that."""
    blend = Blend({"a": 0.4, "b": 0.3, "c": 0.3}, KNOWN.__getitem__, deadline=True)
    for word in (said(ARM, {"A": 0.0}, 1.0, bar=9), *(said(arm, {"A": 1.0}, 0.4, bar=10) for arm in "ab")):
        blend.recall(word)
    assert blend.resume() == []
    found = [section for arm in "abc" for section in blend.add(said(arm, {"A": 1.0}, 0.3, bar=11))]
    assert [(it.bar, it.status) for it in found] == [(10, Status.VOID), (11, Status.FRESH)]


@pytest.mark.parametrize("deadline", [False, True])
def test_what_is_completed_well_behind_the_deadline_is_not_fresh(*, deadline: bool) -> None:
    """The worker stood still between two arms' words."""
    blend = Blend({"a": 0.5, "b": 0.5}, KNOWN.__getitem__, deadline=deadline)
    assert blend.add(said("a", {"A": 1.0}, 0.5, bar=4)) == []
    (found,) = blend.add(replace(void("b", 0.5, Reason.MAX_AGE, "A"), bar=4), overdue=True)
    assert found.status is (Status.VOID if deadline else Status.FRESH)
