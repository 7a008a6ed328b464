"""How a round is judged: every broken promise is counted, whole rounds count nothing."""

from typing import Any

import pytest

from common.config import Policy
from scripts.chaos.verdict import Verdict, differing, dishonest, repeated, summarise

ORACLE = {(1, "A"): b"one", (1, "B"): b"two", (2, "A"): b"three"}


def row(bar: int, status: str = "fresh", reason: str = "", age: int = 0, revision: int = 0) -> dict[str, Any]:
    """A section on record."""
    return {"arm": "champion", "bar": bar, "revision": revision, "status": status, "reason": reason, "age": age}


def verdict(kind: str, **broken: Any) -> Verdict:
    """A round with these figures, and zeros elsewhere."""
    whole = {"strikes": 2, "lost": 0, "duplicates": 0, "differing": 0, "unmarked": 0}
    return Verdict(kind=kind, policy=Policy.WAIT, **{**whole, **broken})


def test_the_same_bits_differ_nowhere() -> None:
    """An undisturbed run judged by itself is clean under both policies."""
    assert [differing(ORACLE, ORACLE, policy) for policy in Policy] == [0, 0]


def test_one_flipped_bit_is_counted() -> None:
    """Another value, and a value for a symbol that has none, both count."""
    assert differing({**ORACLE, (1, "A"): b"onf"}, ORACLE, Policy.DEADLINE) == 1
    assert differing({**ORACLE, (9, "Z"): b"new"}, ORACLE, Policy.DEADLINE) == 1


def test_a_value_that_is_missing_counts_under_wait_alone() -> None:
    """Under `deadline` a section may be held; under `wait` each is computed."""
    partly = {(1, "A"): b"one"}
    assert differing(partly, ORACLE, Policy.WAIT) == 2
    assert differing(partly, ORACLE, Policy.DEADLINE) == 0


def test_a_section_on_record_twice_is_counted_once() -> None:
    """A revision is another section; the same one again is not."""
    assert repeated([row(1), row(2), row(2, "late", revision=1)]) == 0
    assert repeated([row(1), row(2), row(2)]) == 1


@pytest.mark.parametrize(
    "wrong", [row(1, "fresh", "timeout"), row(1, "fresh", age=1), row(1, "held"), row(1, "late", "crash", revision=1)]
)
def test_a_status_that_contradicts_its_reason_or_age_is_counted(wrong: dict[str, Any]) -> None:
    """Fresh with a reason, fresh with an age, held without any reason: each is a lie."""
    assert dishonest([row(1), row(2, "held", "no_bars", 1), wrong]) == 1


@pytest.mark.parametrize("broken", ["lost", "duplicates", "differing", "unmarked"])
def test_a_round_is_clean_only_if_all_four_are_zero(broken: str) -> None:
    """Each of the four alone breaks it, and so does trouble."""
    assert verdict("kill bar_feed").clean
    assert not verdict("kill bar_feed", **{broken: 1}).clean
    assert not verdict("kill bar_feed", trouble="nothing moved").clean


def test_rounds_of_a_kind_make_one_line() -> None:
    """Counts add up; recoveries are pooled."""
    found = summarise(
        [
            verdict("kill bar_feed", recoveries_ms=(100.0, 300.0)),
            verdict("stop monitor"),
            verdict("kill bar_feed", lost=3, recoveries_ms=(200.0,), trouble="late"),
        ]
    )
    assert [(line.fault, line.rounds, line.strikes, line.lost) for line in found] == [
        ("kill bar_feed", 2, 4, 3),
        ("stop monitor", 1, 2, 0),
    ]
    assert (found[0].recovery_p50_ms, found[0].recovery_max_ms, found[0].troubles) == (200.0, 300.0, ["late"])
    assert (found[1].recovery_p50_ms, found[1].recovery_max_ms) == (None, None)
