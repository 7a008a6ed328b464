"""The drill itself: its dice, its models, and that its verdict finds what does not hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from alphabus.clock import ManualClock
from common.errors import BundleError, ModelError
from common.models.kinds import own_kinds, read_entries
from common.models.records import Change, ModelRef
from common.models.registry import Registry
from scripts.drill.cast import WHY, Cast
from scripts.drill.course import Promoter, Said, Seen
from scripts.drill.dice import FLURRY, LONGEST_PAUSE_MS, QUIET, Move, Plan, moves
from scripts.drill.moody import ENTRY, GOLDEN_ROWS, KIND, Mood, Moody
from scripts.drill.verdict import FRESH_SHARE, complaints, figures
from tests.common.models.sample_bundle import make_bundle, sketch

PLAN = Plan(sections=100, promotions=50, seed=1)
SORTS = ("trained", "first", *WHY)
CAST = Cast(MappingProxyType({sort: ModelRef("drill", place, "0" * 64) for place, sort in enumerate(SORTS, 1)}))
TRAINED, FIRST, CORRUPT = ("drill", 1), ("drill", 2), ("drill", 3)


def fresh(bar: int, model: tuple[str, int] = TRAINED) -> Said:
    """A section as it should be."""
    return Said(bar, 0, "fresh", "", 0, model)


def change(number: int, action: str, source: tuple[str, int], target: tuple[str, int], why: str = "") -> Change:
    """A row of history."""
    return Change(number, 0, action, "bench", "champion", source, target, "worker", why, "champion")  # type: ignore[arg-type]


def flawless() -> Seen:
    """A drill in which all went well: a swap, a candidate that was refused, a late answer."""
    said = [fresh(1), fresh(2), Said(3, 0, "held", "timeout", 1, TRAINED), Said(3, 1, "late", "", 0, TRAINED)]
    said += [fresh(bar, FIRST) for bar in range(4, 21)]
    refused = change(1, "swap_failed", TRAINED, CORRUPT, "weights.npy: digest differs")
    history = [refused, change(2, "swap", TRAINED, FIRST)]
    return Seen(CAST, PLAN, said, history, [50.0] * 20, [4] * 20, promoted=2, wish=FIRST)


def test_the_dice_fall_alike_for_a_seed() -> None:
    """As many promotions as asked for, in order, all sorts among them, and others for another seed."""
    drawn = moves(PLAN, SORTS)
    assert drawn == moves(PLAN, SORTS) == sorted(drawn, key=lambda move: move.after)
    assert len(drawn) == 50
    assert {move.sort for move in drawn} == set(SORTS)
    assert drawn != moves(replace(PLAN, seed=2), SORTS)
    assert 1 <= drawn[0].after <= drawn[-1].after <= PLAN.sections - QUIET


@pytest.mark.parametrize("seed", range(20))
def test_some_follow_each_other_in_fractions_of_a_second(seed: int) -> None:
    """There, back and both once more, of good models; and the last of all promotions is of a good one."""
    drawn = moves(Plan(sections=2000, promotions=1000, seed=seed), SORTS)
    assert len(drawn) == 1000
    assert all(0 <= move.pause_ms < LONGEST_PAUSE_MS for move in drawn)
    starts = [place for place in range(len(drawn) - FLURRY) if _is_flurry(drawn[place : place + FLURRY])]
    assert len(starts) > 20
    assert drawn[-1].sort not in WHY


def _is_flurry(four: list[Move]) -> bool:
    one, two, three, last = four
    sorts = (
        (one.sort, two.sort) == (three.sort, last.sort) and one.sort != two.sort and not {one.sort, two.sort} & set(WHY)
    )
    return sorts and one.after == last.after and not one.pause_ms and any(move.pause_ms for move in four)


def test_a_promoter_moves_the_alias_as_planned(tmp_path: Path) -> None:
    """What is due, after its pause, each with a reason of its own; what is not due stays."""
    pauses: list[int] = []
    with Registry(tmp_path, clock=lambda: 0) as registry:
        refs = [registry.add(sketch("drill", seed), author="test") for seed in range(len(SORTS))]
        cast = Cast(MappingProxyType(dict(zip(SORTS, refs, strict=True))))
        seen = Seen(cast, replace(PLAN, promotions=8, seed=3))
        planned = moves(seen.plan, sorted(SORTS))
        promoter = Promoter(registry, seen, lambda _, pause_ns: pauses.append(pause_ns))
        promoter.promote(planned[0].after - 1)
        assert (seen.promoted, seen.wish) == (0, None)
        promoter.promote(PLAN.sections)
        assert seen.promoted == 8
        assert seen.wish == cast.models[planned[-1].sort].key == registry.resolve("bench", "champion").key
    assert pauses == [move.pause_ms * 1_000_000 for move in planned if move.pause_ms]


def test_when_all_went_well_there_is_nothing_to_complain_of() -> None:
    """And the figures say what happened."""
    assert complaints(flawless()) == []
    told = dict(figures(flawless()))
    assert (told["sections"], told["swaps"], told["refused candidates"]) == ("20", "1", "1")
    assert told["of them fresh"] == "95.0%"


def serve_corrupt(seen: Seen) -> None:
    """What must never be."""
    seen.history.append(change(3, "swap", FIRST, CORRUPT))
    seen.said.append(fresh(21, CORRUPT))


def hold(seen: Seen) -> None:
    """Too many sections for a reason that one may have."""
    for place in range(10, 13):
        seen.said[place] = replace(seen.said[place], status="held", reason="timeout", age=1)


SPOILT: dict[str, tuple[Callable[[Seen], object], str]] = {
    "a bar without a signal": (lambda seen: seen.said.pop(1), "after bar 1 comes bar 3"),
    "a revision of what was not held": (
        lambda seen: seen.said.append(replace(fresh(20, FIRST), revision=1)),
        "revised",
    ),
    "a void section": (lambda seen: seen.said.append(Said(21, 0, "void", "max_age", 9, FIRST)), "void (max_age)"),
    "a bad reason": (lambda seen: seen.said.append(Said(21, 0, "held", "crash", 1, FIRST)), "held (crash)"),
    "a wrong age": (lambda seen: seen.said.append(Said(21, 0, "held", "timeout", 0, FIRST)), "age of 0"),
    "too few fresh sections": (hold, f"fewer than {FRESH_SHARE:.0%}"),
    "a last wish that is not served": (lambda seen: setattr(seen, "wish", TRAINED), "drill/1 was promoted last, and"),
    "a last wish that was served too shortly": (
        lambda seen: seen.said.append(Said(21, 0, "held", "timeout", 1, FIRST)),
        f"drill/{FIRST[1]} was promoted last, and drill/2 spoke last",
    ),
    "a model that did not serve then": (lambda seen: seen.said.append(fresh(21, TRAINED)), "did not serve then"),
    "a bad model": (serve_corrupt, "must never serve"),
    "a good model refused": (
        lambda seen: seen.history.append(change(3, "swap_failed", FIRST, TRAINED, "no answer")),
        "trained failed to take over",
    ),
    "a bad model refused for another reason": (
        lambda seen: seen.history.append(change(3, "swap_failed", FIRST, CORRUPT, "answered NaN")),
        "corrupt failed to take over",
    ),
    "a history with a hole": (lambda seen: seen.history.append(change(3, "swap", TRAINED, FIRST)), "is followed by"),
    "children that pile up": (lambda seen: seen.children.append(9), "9 children"),
    "memory that grows": (lambda seen: seen.memory_mb.extend([500.0] * 10), "memory grew"),
}


@pytest.mark.parametrize("what", SPOILT)
def test_what_does_not_hold_is_found(what: str) -> None:
    """One thing at a time."""
    seen = flawless()
    spoil, told = SPOILT[what]
    spoil(seen)
    assert any(told in complaint for complaint in complaints(seen)), complaints(seen)


def test_a_moody_model_keeps_the_contract() -> None:
    """It is loaded as any kind of a user's; at rest every mood behaves, at work only one."""
    assert own_kinds(read_entries([ENTRY]))[KIND].endswith(":Moody")
    rest, work = np.ones((2, GOLDEN_ROWS)), np.ones((2, 5))
    moods: tuple[Mood, ...] = ("fine", "nan")
    for mood in moods:
        made = Moody.made(("a", "b"), mood, 1)
        model = Moody.load(made.save(), ("a", "b"))
        assert np.isfinite(model.predict(rest)).all()
        assert np.isfinite(model.predict(work)).all() == (mood == "fine")
    with pytest.raises(BundleError, match="there is fine"):
        Moody.load(Moody.made(("a",), "fine", 1).save() | {"mood.txt": b"odd"}, ("a",))
    with pytest.raises(ModelError, match="not fitted"):
        Moody.fit(None, None, (), {}, lambda _done, _most: None)  # type: ignore[arg-type]


def test_the_cast_is_registered_beside_the_champion(tmp_path: Path) -> None:
    """Of every sort one; the corrupt one is corrupt, all others verify."""
    with Registry(tmp_path, clock=lambda: 0) as registry:
        ref = registry.add(make_bundle(), author="test")
        registry.promote("bench", "champion", ref.name, ref.version, by="test", why="test")
        cast = Cast.make(tmp_path, "bench", ManualClock())
        assert set(WHY) < set(cast.models)
        assert {cast.sort_of(key) for key in cast.good} == set(cast.models) - set(WHY)
        for sort, model in cast.models.items():
            if sort == "corrupt":
                with pytest.raises(BundleError, match="digest differs"):
                    registry.load(model)
            else:
                assert registry.load(model).digest == model.digest
