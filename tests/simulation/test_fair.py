"""The judges of a trading engine's diary: each promise that is broken is told, and one that keeps them all is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from alphabus.messages import Origin, Reason, Signals, Status
from alphabus.testing import day_ns, signals
from tests.simulation.fair import complaints
from tests.simulation.trader import Diary, Reply

OTHER = b"o" * 16


def section(bar: int, **said: object) -> Signals:
    """A section of one value, the bar's number."""
    return signals(bar, {"A": float(bar)}, **said)  # type: ignore[arg-type]  # fields by name


RECORD = [
    section(1),
    section(2, status=Status.HELD, reason=Reason.TIMEOUT, age=1),
    section(2, status=Status.LATE, revision=1),
    section(3),
]


def diary() -> Diary:
    """Of two lives: one that was cut short, and one that saw the end; asked in between and at the end."""
    waiting = replace(section(3, status=Status.HELD, reason=Reason.WAIT, age=1), computed_from=Origin(2, day_ns(2)))
    return Diary(
        lives=[RECORD[:2], RECORD[1:]],
        replies=[Reply(day_ns(1), RECORD[0]), Reply(day_ns(3), waiting), Reply(day_ns(2), None, "nobody answered")],
        at_last=[Reply(day_ns(bar), found) for bar, found in ((1, RECORD[0]), (2, RECORD[2]), (3, RECORD[3]))],
        ended=True,
    )


def told(found: Diary, *, exact: bool = True) -> list[str]:
    """What is not so."""
    return list(complaints(found, RECORD, exact=exact))


def test_a_good_diary_is_not_complained_of() -> None:
    """Joining late, being killed, and having to wait are no breach."""
    assert told(diary()) == []


def test_what_came_of_a_numbering_that_is_over_is_no_breach() -> None:
    """It is not on record any more; who got some of it goes on with the first section of the new one."""
    found = diary()
    found.lives[0] = [section(7, journal=OTHER)]
    found.lives[1] = [section(8, journal=OTHER), *RECORD]
    assert told(found) == []


def test_a_numbering_that_was_left_is_not_gone_back_to() -> None:
    """A straggler of the old one between sections of the new one is a breach, though each by itself is in order."""
    found = diary()
    found.lives[1][1:1] = [section(8, journal=OTHER)]
    assert told(found) == ["life 2 of the client: back to a numbering it had left, of 2"]


def test_each_numbering_is_judged_by_itself() -> None:
    """What a straggler of the old one stands between is not delivered again."""
    found = diary()
    found.lives[1] = [*RECORD[1:], section(8, journal=OTHER), *RECORD[1:]]
    assert "life 2 of the client: (2, 0) after (3, 0)" in told(found)


def test_who_met_the_numbering_before_gets_the_new_one_from_its_first_section() -> None:
    """It was there already: it did not join in the middle."""
    found = diary()
    found.lives[1] = [section(7, journal=OTHER), *RECORD[1:]]
    assert told(found) == ["the client at its end: [(1, 0)] never came"]


def lives(*changed: list[Signals]) -> Callable[[Diary], Diary]:
    """With other lives."""
    return lambda found: replace(found, lives=list(changed))


def asked(*replies: Reply) -> Callable[[Diary], Diary]:
    """With other answers on the way."""
    return lambda found: replace(found, replies=list(replies))


BREACHES: dict[str, Callable[[Diary], Diary]] = {
    "a section twice": lives([RECORD[0], *RECORD]),
    "a revision before what it revises": lives([RECORD[0], RECORD[2], RECORD[1], RECORD[3]]),
    "a hole": lives([RECORD[0], RECORD[3]], RECORD),
    "the last revision never came": lives([RECORD[0], RECORD[1], RECORD[3]]),
    "the last section never came": lives(RECORD[:3]),
    "nothing came": lives([]),
    "other bits": lives([*RECORD[:3], replace(section(3), columns=section(4).columns)]),
    "never ended": lambda found: replace(found, ended=False),
    "a link that lies": lambda found: replace(found, links=["the link is current while all stand still"]),
    "an answer of another time": asked(Reply(day_ns(2), RECORD[0])),
    "an answer that is on no record": asked(Reply(day_ns(3), replace(section(3), columns=section(4).columns))),
    "no answer at the end": lambda found: replace(found, at_last=[Reply(day_ns(3), None, "nobody answered")]),
    "an old revision at the end": lambda found: replace(found, at_last=[Reply(day_ns(2), RECORD[1])]),
}


@pytest.mark.parametrize("breach", BREACHES)
def test_a_breach_is_told(breach: str) -> None:
    """One thing wrong with a good diary."""
    assert told(BREACHES[breach](diary()))


def test_a_worker_that_died_may_have_said_something_else() -> None:
    """It scored anew what the record lacked: number and order hold, values are judged by themselves."""
    found = lives([*RECORD[:3], replace(section(3), columns=section(4).columns)])(diary())
    assert told(found, exact=False) == []
    assert told(lives([*RECORD, RECORD[3]])(diary()), exact=False)
