"""The judges of a simulation: each promise that is broken is told, and a record that keeps them all is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest

from alphabus.codec import decode, encode
from alphabus.errors import DecodeError
from alphabus.messages import Delivery, Flag, Model, Origin, Reason, Signals, Status
from alphabus.testing import day_ns, signals
from tests.simulation import promise
from tests.simulation.weather import damaged

BARS = (1, 2, 3, 4)
Record = list[Signals]


def section(bar: int, value: float, **changes: object) -> Signals:
    """A fresh section of version 1."""
    said = replace(
        signals(bar, {"A": value}), model=Model("demo", 1, "00" * 32), computed_from=Origin(bar, day_ns(bar))
    )
    return replace(said, **changes)  # type: ignore[arg-type]  # fields by name


def record() -> Record:
    """Fresh, held, late, fresh, void."""
    held = {"status": Status.HELD, "reason": Reason.TIMEOUT, "age": 1, "computed_from": Origin(1, day_ns(1))}
    return [
        section(1, 10.0),
        section(2, 10.0, **held),
        section(2, 20.0, status=Status.LATE, revision=1),
        section(3, 30.0),
        section(4, float("nan"), status=Status.VOID, reason=Reason.HALTED, computed_from=None),
    ]


CALM = [section(bar, 10.0 * bar) for bar in BARS]
ORACLE = {1: promise.computed(CALM)}


def complaints(found: Sequence[Signals]) -> list[str]:
    """Of all judges that take any record."""
    return [*promise.once_and_in_order(found, BARS), *promise.honest(found, ORACLE, most_bars=2)]


def test_a_good_record_is_not_complained_of() -> None:
    """Late, held and void sections are no breach: they say what they are."""
    assert complaints(record()) == []
    assert list(promise.on_time(CALM, CALM)) == []
    assert list(promise.refused(3, 3, ["x"])) == []


def test_the_first_section_that_is_not_as_undisturbed_is_told() -> None:
    """What it is instead: none, another one, or the same with other bits."""
    calm: list[promise.Said] = [(bar, 0, "fresh", "", 0, b"bits") for bar in BARS]
    assert list(promise.undisturbed(calm, calm)) == []
    for wrong, words in (
        (calm[:3], "section 4: none, undisturbed 4 0 fresh"),
        ([*calm, calm[-1]], "section 5: 4 0 fresh  0, undisturbed none"),
        (calm[1:], "section 1: 2 0 fresh  0, undisturbed 1 0 fresh"),
        ([*calm[:3], (4, 0, "fresh", "", 0, b"bite")], "section 4: 4 0 fresh  0, undisturbed 4 0 fresh  0; fields [(5"),
    ):
        (told,) = promise.undisturbed(wrong, calm)
        assert told.startswith(words)


def changed(place: int, **changes: object) -> Callable[[Record], Record]:
    """The record with one section changed."""

    def change(found: Record) -> Record:
        return [*found[:place], replace(found[place], **changes), *found[place + 1 :]]  # type: ignore[arg-type]

    return change


def test_a_section_in_which_nobody_has_a_value_accuses_no_version() -> None:
    """A bad model has said nothing where all are cold; one value of it is a breach."""
    cold = {"signal": np.full(1, np.nan), "flag": np.full(1, Flag.COLD, np.uint8)}
    bad = Model("demo", 3, "00" * 32)
    assert complaints(changed(3, model=bad, columns=cold)(record())) == []
    assert complaints(changed(3, model=bad)(record()))


BREACHES: dict[str, Callable[[Record], Record]] = {
    "a section is missing": lambda found: [found[0], *found[3:]],
    "a section comes twice": lambda found: [found[0], *found],
    "two are out of turn": lambda found: [found[3], *found[:3], found[4]],
    "a revision of nothing": lambda found: [found[0], found[2], *found[3:]],
    "a second revision": changed(2, revision=2),
    "a revision of what was fresh": lambda found: [found[0], replace(found[2], bar=1), *found[1:]],
    "other bits": changed(3, columns=section(3, 30.000000000000004).columns),
    "held of another bar": changed(1, columns=section(2, 20.0).columns),
    "another age": changed(1, age=2),
    "an origin that is not its age": changed(1, computed_from=Origin(2, day_ns(2))),
    "fresh, though old": changed(1, status=Status.FRESH),
    "held, though new": changed(3, status=Status.HELD),
    "of a version that never served": changed(3, model=Model("demo", 3, "00" * 32)),
    "of another version than it says": changed(3, model=Model("demo", 2, "00" * 32)),
    "void with a value": changed(4, columns=section(4, 1.0).columns),
    "void for no reason": changed(4, reason=Reason.NONE),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_told(breach: str) -> None:
    """One thing wrong with a good record."""
    assert complaints(BREACHES[breach](record()))


def test_a_section_that_is_held_where_nothing_is_late_is_told() -> None:
    """Under `wait` there is time for everything."""
    late = [*CALM[:2], replace(CALM[2], status=Status.HELD, reason=Reason.TIMEOUT), CALM[3]]
    assert len(list(promise.on_time(late, CALM))) == 1


def test_a_refusal_of_what_nobody_damaged_is_told() -> None:
    """With what was said of it."""
    (told,) = promise.refused(2, 1, ["bar_feed: a header of another version"])
    assert "another version" in told


@pytest.mark.parametrize("seed", range(200))
def test_a_damaged_message_never_reads(seed: int) -> None:
    """Or it would change what is said, which nobody on the way promises to find."""
    frames = [bytes(frame) for frame in encode(Delivery("test/signals/champion/", 1, 1, 0, CALM[0]))]
    with pytest.raises(DecodeError):
        decode(damaged(frames, Random(seed).getrandbits(64)))  # noqa: S311  dice, not secrets
