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
from scripts.drill.course import Plan, Said, Seen, choices, moments
from scripts.drill.moody import ENTRY, GOLDEN_ROWS, KIND, Mood, Moody
from scripts.drill.verdict import complaints, figures
from tests.common.models.sample_bundle import make_bundle

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
    said += [fresh(4, FIRST), fresh(5, FIRST)]
    refused = change(1, "swap_failed", TRAINED, CORRUPT, "weights.npy: digest differs")
    history = [refused, change(2, "swap", TRAINED, FIRST)]
    return Seen(CAST, PLAN, said, history, [50.0] * 20, [4] * 20, promoted=2)


def test_the_dice_fall_alike_for_a_seed() -> None:
    """As many promotions as asked for, in order, all sorts among them, and others for another seed."""
    assert moments(PLAN) == sorted(moments(PLAN)) == moments(PLAN)
    assert len(moments(PLAN)) == len(choices(PLAN, SORTS)) == 50
    assert set(choices(PLAN, SORTS)) == set(SORTS)
    assert moments(PLAN) != moments(replace(PLAN, seed=2))


def test_when_all_went_well_there_is_nothing_to_complain_of() -> None:
    """And the figures say what happened."""
    assert complaints(flawless()) == []
    told = dict(figures(flawless()))
    assert (told["sections"], told["swaps"], told["refused candidates"]) == ("5", "1", "1")


def serve_corrupt(seen: Seen) -> None:
    """What must never be."""
    seen.history.append(change(3, "swap", FIRST, CORRUPT))
    seen.said.append(fresh(6, CORRUPT))


SPOILT: dict[str, tuple[Callable[[Seen], object], str]] = {
    "a bar without a signal": (lambda seen: seen.said.pop(1), "after bar 1 comes bar 3"),
    "a revision of what was not held": (lambda seen: seen.said.append(replace(fresh(5, FIRST), revision=1)), "revised"),
    "a void section": (lambda seen: seen.said.append(Said(6, 0, "void", "max_age", 9, FIRST)), "void (max_age)"),
    "a bad reason": (lambda seen: seen.said.append(Said(6, 0, "held", "crash", 1, FIRST)), "held (crash)"),
    "a wrong age": (lambda seen: seen.said.append(Said(6, 0, "held", "timeout", 0, FIRST)), "age of 0"),
    "a model that did not serve then": (lambda seen: seen.said.append(fresh(6, TRAINED)), "did not serve then"),
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
