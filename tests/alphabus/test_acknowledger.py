"""Acknowledgements go out in steps; none is forgotten, and a writer that restarted hears all again."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alphabus.acknowledger import FLUSH_NS, REPEAT_NS, Acknowledger
from alphabus.messages import Acknowledge

JOURNAL, OTHER = bytes(16), bytes(range(16))
BARS, MORE = "t/bars/", "t/more/"


def bars(messages: list[Acknowledge]) -> list[int]:
    """What the writer hears."""
    return [message.bar for message in messages]


def test_every_bar_is_said_at_once_where_steps_are_of_one() -> None:
    """With little credit nothing may wait."""
    it = Acknowledger("engine")
    assert [bars(it.note(BARS, JOURNAL, bar, bar)) for bar in (1, 2, 3)] == [[1], [2], [3]]
    assert it.note(BARS, JOURNAL, 3, 4) == []


def test_multiples_are_said_at_once() -> None:
    """The same for every reader; passed in one stride the bar itself is said."""
    it = Acknowledger("engine", every=4)
    said = {bar: bars(it.note(BARS, JOURNAL, bar, 1)) for bar in (1, 2, 3, 4, 5, 7, 9, 11, 12)}
    assert {bar for bar, found in said.items() if found} == {1, 4, 9, 12}
    assert all(found in ([], [bar]) for bar, found in said.items())


def test_the_rest_follows_soon() -> None:
    """Counted from the first that waits, whatever came after it; once."""
    it = Acknowledger("engine", every=4)
    for bar in (4, 5, 6):
        it.note(BARS, JOURNAL, bar, bar)
    assert it.due(5 + FLUSH_NS - 1) == []
    assert bars(it.due(5 + FLUSH_NS)) == [6]
    assert it.due(5 + 2 * FLUSH_NS) == []


def test_another_journal_is_said_at_once() -> None:
    """Its numbers are not those of before."""
    it = Acknowledger("engine", every=4)
    it.note(BARS, JOURNAL, 9, 1)
    assert it.note(BARS, OTHER, 1, 2) == [Acknowledge("engine", BARS, OTHER, 1)]


def test_everything_is_repeated() -> None:
    """Also what has not been said yet, each topic once."""
    it = Acknowledger("engine", every=4)
    for topic, bar in ((BARS, 4), (MORE, 7), (BARS, 5)):
        it.note(topic, JOURNAL, bar, 1)
    assert sorted((message.topic, message.bar) for message in it.due(REPEAT_NS)) == [(BARS, 5), (MORE, 7)]
    assert it.due(REPEAT_NS + FLUSH_NS) == []
    assert len(it.due(2 * REPEAT_NS)) == 2


def test_what_grows_less_is_said_at_once() -> None:
    """Nothing higher is said after it, neither what waited nor what is repeated."""
    it = Acknowledger("engine", every=4)
    assert [bars(it.restate(BARS, JOURNAL, bar, 1)) for bar in (4, 6, 5, 5, 0)] == [[4], [], [5], [], [0]]
    assert bars(it.due(REPEAT_NS)) == [0]


def test_a_topic_that_is_left_is_not_mentioned_any_more() -> None:
    """Neither what was said of it nor what waited."""
    it = Acknowledger("engine", every=4)
    for bar in (4, 5):
        it.note(BARS, JOURNAL, bar, 1)
    it.forget(BARS)
    assert it.due(10 * REPEAT_NS) == []


@given(st.lists(st.tuples(st.sampled_from([BARS, MORE]), st.integers(0, 3), st.integers(0, FLUSH_NS // 2))))
def test_the_writer_knows_all_soon(steps: list[tuple[str, int, int]]) -> None:
    """Never more than was done, never less than `every` bars behind for longer than it takes to follow."""
    it, now, done, heard = Acknowledger("engine", every=4), 0, dict[str, int](), dict[str, int]()
    for topic, stride, passed in steps:
        now += passed
        done[topic] = done.get(topic, 0) + stride
        for message in [*it.note(topic, JOURNAL, done[topic], now), *it.due(now)]:
            assert message.bar <= done[message.topic]
            heard[message.topic] = max(message.bar, heard.get(message.topic, 0))
        assert all(heard[each] // 4 == bar // 4 for each, bar in done.items())
    for message in it.due(now + FLUSH_NS):
        heard[message.topic] = message.bar
    assert heard == done
