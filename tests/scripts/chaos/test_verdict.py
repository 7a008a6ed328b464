"""How a round is judged: every broken promise is counted and has its strike, whole rounds count nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from alphabus.endpoints import SERVICES
from common.config import Policy
from scripts.chaos.__main__ import compared
from scripts.chaos.arena import HISTORY
from scripts.chaos.battle import Told
from scripts.chaos.campaign import STOPS, Fault, Group, Kind, Round, Strike
from scripts.chaos.record import Record
from scripts.chaos.verdict import (
    HEARD,
    IN_FLIGHT,
    Landed,
    Verdict,
    blamed,
    differing,
    dishonest,
    missing,
    repeated,
    summarise,
    undelivered,
)

ORACLE = {(1, "A"): b"one", (1, "B"): b"two", (2, "A"): b"three"}
BARS = range(1, 3)
KILL, STOP = Kind(Fault.KILL, SERVICES[0]), Kind(Fault.STOP, SERVICES[1])
BROKEN = ("lost", "duplicates", "differing", "unmarked")


def row(bar: int, status: str = "fresh", reason: str = "", age: int = 0, revision: int = 0) -> dict[str, Any]:
    """A section on record."""
    return {"arm": "champion", "bar": bar, "revision": revision, "status": status, "reason": reason, "age": age}


def read(values: Mapping[tuple[int, str], float]) -> Record:
    """A record of fresh sections with these values."""
    rows = [
        {"arm": "champion", "bar": bar, "revision": 0, "status": "fresh", "symbol": symbol, "signal": value, "flag": 0}
        for (bar, symbol), value in values.items()
    ]
    return Record(pl.DataFrame(rows), [row(bar) for bar, _ in values])


def verdict(*landed: Landed, planned: Sequence[Kind] | None = None, **found: Any) -> Verdict:
    """A round in which these landed, and no more was planned unless it is said."""
    kinds = [struck.kind for struck in landed] if planned is None else planned
    fought = Round(1, Policy.WAIT, tuple(Strike(kind, 1, 0.0, 0.1) for kind in kinds))
    return Verdict(fought, landed, **found)


def test_the_same_bits_differ_nowhere() -> None:
    """An undisturbed run judged by itself is clean under both policies."""
    assert [list(differing(ORACLE, ORACLE, policy, BARS)) for policy in Policy] == [[], []]


def test_one_flipped_bit_is_told() -> None:
    """Another value, and a value for a symbol that has none, both count."""
    assert list(differing({**ORACLE, (1, "A"): b"onf"}, ORACLE, Policy.DEADLINE, BARS)) == [1]
    assert list(differing({**ORACLE, (9, "Z"): b"new"}, ORACLE, Policy.DEADLINE, BARS)) == [9]


def test_a_value_that_is_missing_counts_under_wait_alone() -> None:
    """Under `deadline` a section may be held; under `wait` each up to the last that is judged is computed."""
    partly = {(1, "A"): b"one"}
    assert list(differing(partly, ORACLE, Policy.WAIT, BARS)) == [1, 2]
    assert list(differing(partly, ORACLE, Policy.WAIT, range(1, 2))) == [1]
    assert list(differing(partly, ORACLE, Policy.DEADLINE, BARS)) == []


def test_a_bar_without_a_row_is_missing() -> None:
    """Whatever is on record of it is enough."""
    assert list(missing([row(1), row(3, "held", "no_bars", 1)], range(1, 5))) == [2, 4]


def test_what_a_client_never_got_is_lost_on_the_way() -> None:
    """A section or a revision that is on record; what was before its first section it did not ask for."""
    rows = [row(1), row(2, "held", "timeout", 1), row(2, "late", revision=1), row(3), row(4)]
    got: Mapping[tuple[int, int], int] = {(2, 0): 1, (4, 0): 1}
    assert list(undelivered(rows, set(got), range(1, 5))) == [2, 3]
    assert list(undelivered(rows, {(bar["bar"], bar["revision"]) for bar in rows}, range(1, 5))) == []


def test_a_client_that_got_nothing_lacks_everything() -> None:
    """Of what is judged."""
    assert list(undelivered([row(1), row(2)], set(), BARS)) == [1, 2]


def test_a_section_on_record_twice_is_told_once() -> None:
    """A revision is another section; the same one again is not."""
    assert list(repeated([row(1), row(2), row(2, "late", revision=1)])) == []
    assert list(repeated([row(1), row(2), row(2)])) == [2]


@pytest.mark.parametrize(
    "wrong", [row(1, "fresh", "timeout"), row(1, "fresh", age=1), row(1, "held"), row(1, "late", "crash", revision=1)]
)
def test_a_status_that_contradicts_its_reason_or_age_is_told(wrong: dict[str, Any]) -> None:
    """Fresh with a reason, fresh with an age, held without any reason: each is a lie."""
    assert list(dishonest([row(2), row(3, "held", "no_bars", 1), wrong])) == [1]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_round_is_clean_only_if_nothing_broke(broken: str) -> None:
    """Each of the four alone breaks it, so does trouble, and so does a strike that never came."""
    struck = Landed(KILL, 10)
    assert verdict(struck).clean
    assert not verdict(struck, **{broken: (10,)}).clean  # type: ignore[arg-type]  # a name of the table
    assert not verdict(struck, trouble="nothing moved").clean
    assert not verdict(struck, planned=(KILL, STOP)).clean


def test_a_breach_is_of_the_strike_before_it() -> None:
    """Or of the one that came while the section was on its way."""
    landed = [Landed(KILL, 10), Landed(STOP, 20)]
    assert blamed(10 - IN_FLIGHT - 1, landed) is None
    assert {blamed(bar, landed) for bar in range(10 - IN_FLIGHT, 20 - IN_FLIGHT)} == {KILL}
    assert {blamed(bar, landed) for bar in (20 - IN_FLIGHT, 20, 99)} == {STOP}


def test_strikes_of_a_kind_make_one_line() -> None:
    """Over rounds: recoveries are pooled, breaches are booked to their strikes."""
    first = verdict(
        Landed(KILL, 10, 100.0), Landed(STOP, 20, 5.0), Landed(KILL, 30, 300.0), lost=(12, 31), unmarked=(20,)
    )
    second = verdict(Landed(KILL, 10, 200.0), planned=(KILL, STOP), duplicates=(11, 11))
    kill, stop = summarise([first, second])
    assert (kill.fault, kill.planned, kill.landed) == (str(KILL), 3, 3)
    assert (kill.lost, kill.duplicates, kill.differing, kill.unmarked) == (2, 2, 0, 0)
    assert (kill.recovery_p50_ms, kill.recovery_max_ms) == (200.0, 300.0)
    assert (stop.fault, stop.planned, stop.landed, stop.lost, stop.unmarked) == (str(STOP), 2, 1, 0, 1)


def test_a_long_stop_that_nobody_was_told_of_is_a_breach() -> None:
    """Of those a client listens to; whoever was warned since it began was told, and a short stop needs no word."""
    heard = [kind for kind in STOPS if HEARD & set(kind.victims)]
    assert {kind.target for kind in heard} == {*HEARD, Group.ALL}
    for kind in STOPS:
        assert Landed(kind, 10, still_ns=5).is_unsaid(warned_ns=4) == (kind in heard)
        assert not Landed(kind, 10, still_ns=5).is_unsaid(warned_ns=6)
        assert not Landed(kind, 10).is_unsaid(warned_ns=0)


def test_bits_that_differ_at_the_client_alone_are_told() -> None:
    """The record is right, what was sent is not."""
    fought = Round(1, Policy.WAIT, ())
    record = read({(1, "A"): 1.0, (2, "A"): 2.0})
    right = Told(deliveries=Counter({(1, 0): 1, (2, 0): 1}), values=record.values(), whole_bar=HISTORY)
    assert compared(fought, right, record, record).differing == ()
    wrong = replace(right, values={**record.values(), (2, "A"): b"other"})
    assert compared(fought, wrong, record, record).differing == (2,)


def test_what_broke_before_any_strike_has_a_line_of_its_own() -> None:
    """Nothing that is wrong is left out of the table."""
    *_, before = summarise([verdict(Landed(KILL, 100), lost=(3,))])
    assert (before.fault, before.lost) == ("nothing yet", 1)
