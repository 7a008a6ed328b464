"""One bar's section, asked for by its close time: on record, live as it comes, or the one before it, held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import nan
from random import Random
from typing import Any

import numpy as np
import pytest

from alphabus.clock import ManualClock
from alphabus.errors import ModeError, NoSectionError, RequestError
from alphabus.messages import Mode, Origin, Phase, Reason, Status
from alphabus.search import KEPT
from alphabus.section import Section
from alphabus.testing import (
    Line,
    MemoryTransport,
    ScriptedFeed,
    SeededMischief,
    announcement,
    day_ns,
    signals,
    signals_script,
)
from alphabus.testing.fixtures import MakeFeed, manual_clock, memory_bus, scripted_feed
from alphabus.testing.memory import memory_bus as make_memory_bus

__all__ = ["manual_clock", "memory_bus", "scripted_feed"]

SECOND_NS = 1_000_000_000
DAYS = [{"A": 1.0, "B": 2.0}, {"A": 3.0, "B": 4.0}, {"A": 5.0, "C": 6.0}]
ALL = 99


def told(section: Section | None) -> tuple[Any, ...] | None:
    """Bar, time, status, reason, age and values of a section."""
    if section is None:
        return None
    it = section.signals
    return it.bar, it.time, it.status.value, it.reason.value, it.age, section.by_symbol()


def test_what_is_on_record_comes_at_once(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """Any bar, with its own symbols; nobody waits."""
    feed = scripted_feed(signals_script(DAYS))
    feed.play(ALL)
    with feed.client() as client:
        found = [told(client.get_signal(day_ns(bar), wait=3600 * SECOND_NS)) for bar in (2, 3, 1)]
    assert found == [(bar, day_ns(bar), "fresh", "", 0, DAYS[bar - 1]) for bar in (2, 3, 1)]
    assert manual_clock.monotonic_ns() < SECOND_NS


def test_what_is_worked_on_comes_when_it_is_there(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """Live, long before the wait is over."""
    feed = scripted_feed(signals_script(DAYS))
    feed.play(3)  # a list of symbols and two sections
    with feed.client() as client:
        section = client.get_signal(day_ns(3), wait=3600 * SECOND_NS)
    assert told(section) == (3, day_ns(3), "fresh", "", 0, DAYS[2])
    assert manual_clock.monotonic_ns() < SECOND_NS


def test_at_the_end_of_the_wait_the_section_before_is_held(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """Its values and their origin unchanged, for the bar that was asked for, with the age that makes."""
    feed = scripted_feed(signals_script(DAYS[:2]))
    feed.play(ALL)
    feed.publish(announcement(3, Phase.DUE))
    with feed.client() as client:
        section = client.get_signal(day_ns(3), wait=5 * SECOND_NS)
    assert told(section) == (3, day_ns(3), "held", "wait", 1, DAYS[1])
    assert section is not None
    assert section.signals.computed_from == Origin(2, day_ns(2))
    assert section.signals.revision == 0
    assert 5 * SECOND_NS <= manual_clock.monotonic_ns() < 6 * SECOND_NS


def test_without_any_wait_there_is_an_answer(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """As soon as the record has told what it knows: the section, or the one before it, held."""
    feed = scripted_feed(signals_script(DAYS[:2]))
    feed.play(ALL)
    feed.publish(announcement(3, Phase.DUE))
    with feed.client() as client:
        found = [told(client.get_signal(day_ns(bar), wait=0)) for bar in (2, 3)]
    assert found == [(2, day_ns(2), "fresh", "", 0, DAYS[1]), (3, day_ns(3), "held", "wait", 1, DAYS[1])]
    assert manual_clock.monotonic_ns() < SECOND_NS


def test_a_held_section_is_older_when_it_is_held_again(scripted_feed: MakeFeed) -> None:
    """The age counts from where the values come from."""
    feed = scripted_feed(signals_script(DAYS[:2]))
    feed.play(ALL)
    feed.publish(Line("signals/champion", signals(3, DAYS[1], status=Status.HELD, reason=Reason.TIMEOUT, age=1)))
    with feed.client() as client:
        assert told(client.get_signal(day_ns(4), wait=0)) == (4, day_ns(4), "held", "wait", 2, DAYS[1])


@pytest.mark.parametrize(
    ("status", "reason"), [(Status.VOID, Reason.HALTED), (Status.VOID, Reason.MAX_AGE), (Status.DEFAULT, Reason.CRASH)]
)
def test_what_has_no_opinion_is_not_held(status: Status, reason: Reason, scripted_feed: MakeFeed) -> None:
    """A void section stays void for its own reason, a default stays a default."""
    feed = scripted_feed(signals_script(DAYS[:1]))
    feed.play(ALL)
    feed.publish(Line("signals/champion", signals(2, {"A": nan, "B": nan}, status=status, reason=reason, age=1)))
    with feed.client() as client:
        assert told(client.get_signal(day_ns(3), wait=0)) == (3, day_ns(3), status.value, reason.value, 2, {})


def test_the_number_is_the_announced_one(scripted_feed: MakeFeed) -> None:
    """A section that was announced knows its number, though those before it have no signal yet."""
    feed = scripted_feed(signals_script(DAYS[:2]))
    feed.play(ALL)
    for bar in (3, 4, 5):
        feed.publish(announcement(bar, Phase.DUE))
    with feed.client() as client:
        section = client.get_signal(day_ns(5), wait=SECOND_NS)
    assert told(section) == (5, day_ns(5), "held", "wait", 3, DAYS[1])


def test_a_time_after_what_was_announced_comes_after_it(scripted_feed: MakeFeed) -> None:
    """Its number is not that of a section that closes before it; how many more there will be nobody knows."""
    feed = scripted_feed(signals_script(DAYS[:2]))
    feed.play(ALL)
    for bar in (3, 4):
        feed.publish(announcement(bar, Phase.DUE))
    with feed.client() as client:
        found = [client.get_signal(day_ns(day), wait=SECOND_NS) for day in (3, 5, 30)]
    ahead = [(5, day_ns(day), "held", "wait", 3, DAYS[1]) for day in (5, 30)]
    assert [told(section) for section in found] == [(3, day_ns(3), "held", "wait", 1, DAYS[1]), *ahead]
    assert found[1] is not None
    assert found[1].signals.stamp == signals(5, DAYS[1]).stamp


def test_the_last_revision_on_record_counts(scripted_feed: MakeFeed) -> None:
    """A late answer replaces what was held, on record and live."""
    feed = scripted_feed(signals_script(DAYS[:1]))
    feed.play(ALL)
    held = signals(2, DAYS[0], status=Status.HELD, reason=Reason.TIMEOUT, age=1)
    late = signals(2, DAYS[1], status=Status.LATE, revision=1)
    with feed.client() as client:
        feed.publish(Line("signals/champion", held))
        before = client.get_signal(day_ns(2), wait=0)
        feed.publish(Line("signals/champion", late))
        after = client.get_signal(day_ns(2), wait=0)
    assert told(before) == (2, day_ns(2), "held", "timeout", 1, DAYS[0])
    assert told(after) == (2, day_ns(2), "late", "", 0, DAYS[1])


@pytest.mark.parametrize(
    ("time", "words"),
    [
        (day_ns(0), "begin at 2020-01-02 00:00:00 UTC, after 2020-01-01"),
        (day_ns(1) // SECOND_NS, "a time is in ns since 1970"),
        (day_ns(1) + 1, "closes at 2020-01-02 00:00:00.000000001 UTC: one does at 2020-01-02 00:00:00 UTC, the next"),
    ],
)
def test_a_time_at_which_nothing_closes_is_an_error(time: int, words: str, scripted_feed: MakeFeed) -> None:
    """Before the first signal, between two bars, in another unit: nobody waits for what cannot come."""
    feed = scripted_feed(signals_script(DAYS))
    feed.play(ALL)
    with feed.client() as client, pytest.raises(NoSectionError, match=words):
        client.get_signal(time, wait=3600 * SECOND_NS)


def test_a_time_that_a_later_section_passes_is_an_error(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """As soon as the next one is on record it is known that this one never comes."""
    feed = scripted_feed(signals_script(DAYS))
    feed.play(3)
    with feed.client() as client, pytest.raises(NoSectionError, match="no section of 'champion' closes at"):
        client.get_signal(day_ns(2) + 1, wait=3600 * SECOND_NS)
    assert manual_clock.monotonic_ns() < 5 * SECOND_NS


def test_before_the_first_signal_there_is_none(scripted_feed: MakeFeed) -> None:
    """Nothing to hold is nothing, once the wait is over."""
    with scripted_feed([]).client() as client:
        assert client.get_signal(day_ns(1), wait=SECOND_NS) is None


def test_without_a_cache_the_live_signal_still_comes(scripted_feed: MakeFeed) -> None:
    """And what came live before is held."""
    feed = scripted_feed(signals_script(DAYS))
    feed.stop("signal_cache")
    with feed.client() as client:
        assert told(client.get_signal(day_ns(2), wait=60 * SECOND_NS)) == (2, day_ns(2), "fresh", "", 0, DAYS[1])
        assert told(client.get_signal(day_ns(4), wait=SECOND_NS)) == (4, day_ns(4), "held", "wait", 1, DAYS[2])


def test_when_nobody_answers_it_says_so(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """Worker and cache are away: after the wait, or a moment if that is shorter."""
    feed = scripted_feed([])
    feed.stop("signal_cache")
    feed.stop("inference_worker")
    with feed.client() as client, pytest.raises(RequestError, match="the signal cache did not answer"):
        client.get_signal(day_ns(1), wait=0)
    assert manual_clock.monotonic_ns() <= 2 * SECOND_NS


def test_a_cache_known_to_be_away_costs_no_moment(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """Then the wait is all there is."""
    feed = scripted_feed(signals_script(DAYS))
    feed.stop("signal_cache")
    with feed.client() as client:
        client.get_signal(day_ns(3), wait=60 * SECOND_NS)
        manual_clock.advance(10 * SECOND_NS)
        before = manual_clock.monotonic_ns()
        section = client.get_signal(day_ns(4), wait=SECOND_NS // 10)
    assert told(section) == (4, day_ns(4), "held", "wait", 1, DAYS[2])
    assert manual_clock.monotonic_ns() - before == SECOND_NS // 10


def test_who_asks_seldom_still_gets_the_record(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """A cache whose signs of life nobody has read yet is not away: without any wait it has its moment."""
    feed = scripted_feed(signals_script(DAYS))
    feed.play(ALL)
    feed.stop("inference_worker")
    with feed.client() as client:
        for bar in (1, 2, 3):
            assert told(client.get_signal(day_ns(bar), wait=0)) == (bar, day_ns(bar), "fresh", "", 0, DAYS[bar - 1])
            manual_clock.advance(3600 * SECOND_NS)
            feed.beat()


def test_it_works_beside_iteration(scripted_feed: MakeFeed) -> None:
    """Asking takes nothing from the iteration, and iterating nothing from the asking."""
    feed = scripted_feed(signals_script([{"A": float(bar)} for bar in range(1, 40)], end=True))
    asked, iterated = [], []
    with feed.client() as client:
        for section in client:
            iterated.append(section.signals.bar)
            ahead = client.get_signal(section.signals.time, wait=0)
            asked.append(ahead.signals.bar if ahead else None)
            if section.signals.bar == 20:
                later = client.get_signal(day_ns(30), wait=60 * SECOND_NS)
                assert told(later) == (30, day_ns(30), "fresh", "", 0, {"A": 30.0})
    assert iterated == list(range(1, 40))
    assert asked == iterated


def test_several_arms_are_asked(scripted_feed: MakeFeed) -> None:
    """Each for its own, on record and live; the client's own arm where none is named."""
    champion = signals_script(DAYS)
    challenger = signals_script([{"A": 10 * day["A"]} for day in DAYS], arm="challenger")
    feed = scripted_feed([line for pair in zip(champion[2:], challenger[1:], strict=False) for line in pair])
    for line in (*champion[:2], challenger[0]):
        feed.publish(line)
    with feed.client("challenger") as client:
        found = [
            client.get_signal(day_ns(bar), 60 * SECOND_NS, arm)
            for bar in (1, 2, 3)
            for arm in ("champion", "challenger", None)
        ]
    assert [(it.signals.bar, it.signals.arm, it.by_symbol()["A"]) for it in found if it] == [
        (bar, arm, DAYS[bar - 1]["A"] * factor)
        for bar in (1, 2, 3)
        for arm, factor in (("champion", 1), ("challenger", 10), ("challenger", 10))
    ]


def test_another_mode_is_refused(scripted_feed: MakeFeed) -> None:
    """Nobody trades a replay by mistake."""
    feed = scripted_feed(signals_script(DAYS, mode=Mode.REPLAY))
    feed.play(ALL)
    with feed.client() as client, pytest.raises(ModeError, match="'replay'"):
        client.get_signal(day_ns(1), wait=0)


def test_another_numbering_is_not_mixed_with_the_old(scripted_feed: MakeFeed) -> None:
    """What was heard of another journal is nothing that could be held."""
    feed = scripted_feed(signals_script(DAYS))
    feed.stop("signal_cache")
    with feed.client() as client:
        client.get_signal(day_ns(3), wait=60 * SECOND_NS)
        feed.publish(Line("signals/champion", signals(1, DAYS[0], journal=b"n" * 16)))
        section = client.get_signal(day_ns(2), wait=2 * SECOND_NS)
    assert told(section) == (2, day_ns(2), "held", "wait", 1, DAYS[0])
    assert section is not None
    assert section.signals.journal == b"n" * 16


def test_memory_does_not_grow_with_what_is_heard(scripted_feed: MakeFeed) -> None:
    """Only the newest sections are kept; older ones are asked for."""
    feed = scripted_feed(signals_script([{"A": float(bar)} for bar in range(1, 101)]))
    with feed.client() as client:
        client.get_signal(day_ns(1), wait=60 * SECOND_NS)
        client.get_signal(day_ns(100), wait=60 * SECOND_NS)
        assert told(client.get_signal(day_ns(7), wait=0)) == (7, day_ns(7), "fresh", "", 0, {"A": 7.0})
        assert client._lookup is not None
        assert len(client._lookup._newest["champion"].sections) == KEPT


def test_a_late_joiner_learns_what_is_due(scripted_feed: MakeFeed, manual_clock: ManualClock) -> None:
    """It was not there when the section was announced, and still says that it is overdue."""
    feed = scripted_feed(signals_script(DAYS[:2]))
    feed.play(ALL)
    feed.publish(announcement(3, Phase.DUE, due_in_ns=SECOND_NS))
    with feed.client() as client:
        assert client.receive(SECOND_NS) is not None
        manual_clock.advance(5 * SECOND_NS)
        assert client.overdue


@pytest.mark.parametrize(
    "time", [day_ns(2), np.int64(day_ns(2)), datetime(2020, 1, 3, tzinfo=UTC)], ids=["int", "numpy", "datetime"]
)
@pytest.mark.parametrize("wait", [SECOND_NS, timedelta(seconds=1)], ids=["int", "timedelta"])
def test_times_and_waits_have_two_forms(time: Any, wait: Any, scripted_feed: MakeFeed) -> None:
    """Whole ns, or the standard library's types."""
    feed = scripted_feed(signals_script(DAYS))
    feed.play(ALL)
    with feed.client() as client:
        assert told(client.get_signal(time, wait)) == (2, day_ns(2), "fresh", "", 0, DAYS[1])


@pytest.mark.parametrize(
    ("time", "wait", "kind", "words"),
    [
        (datetime(2020, 1, 3), 0, ValueError, "has no zone"),  # noqa: DTZ001  that is the mistake
        (1.5, 0, TypeError, "whole ns since 1970 UTC, or a datetime with a zone, not 1.5"),
        ("2020-01-03", 0, TypeError, "whole ns since 1970"),
        (True, 0, TypeError, "whole ns since 1970 UTC, or a datetime with a zone, not True"),
        (day_ns(1), False, TypeError, "a duration is whole ns, or a timedelta, not False"),
        (-1, 0, ValueError, "from 0 to"),
        (1 << 63, 0, ValueError, "from 0 to"),
        (day_ns(1), 0.5, TypeError, "a duration is whole ns, or a timedelta, not 0.5"),
        (day_ns(1), timedelta(seconds=-1), ValueError, "a duration is from 0"),
    ],
)
def test_what_is_no_time_is_an_error(
    time: Any, wait: Any, kind: type[Exception], words: str, scripted_feed: MakeFeed
) -> None:
    """Before anything is asked."""
    with scripted_feed([]).client() as client, pytest.raises(kind, match=words):
        client.get_signal(time, wait)


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_links_lose_the_signal_is_found(seed: int) -> None:
    """Messages are dropped, doubled and delayed on every link; each bar comes all the same, and as it was said."""
    clock = ManualClock()
    dice = Random(seed)  # noqa: S311  dice, not secrets
    mischief = SeededMischief(dice, drop=0.2, duplicate=0.2, delay=0.2)
    feed = ScriptedFeed(
        make_memory_bus(transport=MemoryTransport(mischief=mischief), clock=clock),
        clock,
        signals_script([{"A": float(bar)} for bar in range(1, 16)]),
    )
    with feed.client() as client:
        for bar in range(1, 16):
            section = client.get_signal(day_ns(bar), wait=600 * SECOND_NS)
            assert told(section) == (bar, day_ns(bar), "fresh", "", 0, {"A": float(bar)})
    feed.close()
