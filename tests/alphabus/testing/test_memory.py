"""The memory bus behaves like ZeroMQ where it matters."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest

from alphabus.errors import EndpointError
from alphabus.sockets import Channel, Parts, Received, wait_on
from alphabus.testing import Link, MemoryTransport, SeededMischief

ADDRESS = "ipc:///memory/test/bar_feed.pub"
MESSAGE = [b"t/bars/", b"h", b"b"]


def drained(channel: Channel) -> list[Received]:
    """All that waits."""
    found = list[Received]()
    while (frames := channel.receive()) is not None:
        found.append(frames)
    return found


@pytest.fixture
def transport() -> MemoryTransport:
    """A small one."""
    return MemoryTransport(high_water=3, asked_high_water=3)


def test_a_subscriber_gets_what_starts_with_its_topics(transport: MemoryTransport) -> None:
    """A topic is a prefix."""
    publisher = transport.publisher(ADDRESS)
    subscriber = transport.subscriber(ADDRESS, ["t/bars/", "t/health/"])
    for topic in (b"t/bars/", b"t/barsish/", b"t/health/bar_feed/"):
        assert publisher.send([topic, b"", b""])
    assert [frames[0] for frames in drained(subscriber)] == [b"t/bars/", b"t/health/bar_feed/"]


def test_without_topics_nothing_is_heard(transport: MemoryTransport) -> None:
    """As with a SUB socket."""
    publisher, subscriber = transport.publisher(ADDRESS), transport.subscriber(ADDRESS, [])
    publisher.send(MESSAGE)
    assert subscriber.receive() is None


def test_a_late_joiner_misses_what_was_sent(transport: MemoryTransport) -> None:
    """And gets everything after."""
    publisher = transport.publisher(ADDRESS)
    publisher.send(MESSAGE)
    subscriber = transport.subscriber(ADDRESS, ["t/"])
    assert drained(subscriber) == []
    publisher.send(MESSAGE)
    assert drained(subscriber) == [MESSAGE]


def test_a_full_queue_drops_without_a_word(transport: MemoryTransport) -> None:
    """The publisher hears nothing of it, and a reader that keeps up loses nothing."""
    publisher = transport.publisher(ADDRESS)
    stuck, quick = transport.subscriber(ADDRESS, ["t/"]), transport.subscriber(ADDRESS, ["t/"])
    received = []
    for number in range(10):
        assert publisher.send([b"t/", bytes([number]), b""])
        received += drained(quick)
    assert len(received) == 10
    assert [frames[1] for frames in drained(stuck)] == [b"\x00", b"\x01", b"\x02"]


def test_publishers_see_the_first_and_last_subscriber_of_a_topic(transport: MemoryTransport) -> None:
    """As an XPUB socket does."""
    publisher = transport.publisher(ADDRESS)
    first, second = transport.subscriber(ADDRESS, ["t/"]), transport.subscriber(ADDRESS, ["t/"])
    assert drained(publisher) == [[b"\x01t/"]]
    first.close()
    assert drained(publisher) == []
    second.close()
    assert drained(publisher) == [[b"\x00t/"]]


def test_subscribers_meet_the_next_publisher(transport: MemoryTransport) -> None:
    """Connecting before anybody binds, and going on after a restart, both work."""
    subscriber = transport.subscriber(ADDRESS, ["t/"])
    for _ in range(2):
        publisher = transport.publisher(ADDRESS)
        publisher.send(MESSAGE)
        assert drained(subscriber) == [MESSAGE]
        publisher.close()


def test_a_second_bind_takes_the_address_over(transport: MemoryTransport) -> None:
    """Who was connected stays with the old one until it goes; who comes later meets the new one."""
    old = transport.publisher(ADDRESS)
    early = transport.subscriber(ADDRESS, ["t/"])
    new = transport.publisher(ADDRESS)
    late = transport.subscriber(ADDRESS, ["t/"])
    new.send(MESSAGE)
    assert (drained(early), drained(late)) == ([], [MESSAGE])
    old.close()
    new.send(MESSAGE)
    assert drained(early) == [MESSAGE]


def test_a_responder_sees_who_asks(transport: MemoryTransport) -> None:
    """Its answer goes to the one that the identity names."""
    responder = transport.responder(ADDRESS)
    first, second = transport.requester(ADDRESS), transport.requester(ADDRESS)
    first.send([b"1"])
    second.send([b"2"])
    asked = drained(responder)
    assert [question for _, question in asked] == [b"1", b"2"]
    responder.send([bytes(asked[1][0]), b"answer"])
    assert (first.receive(), second.receive()) == (None, [b"answer"])


def test_questions_wait_for_a_responder(transport: MemoryTransport) -> None:
    """Up to the high-water mark; a requester is told when its queue is full."""
    requester = transport.requester(ADDRESS)
    assert [requester.send([bytes([number])]) for number in range(4)] == [True, True, True, False]
    responder = transport.responder(ADDRESS)
    assert [frames[1] for frames in drained(responder)] == [b"\x00", b"\x01", b"\x02"]


def test_a_full_responder_takes_no_more(transport: MemoryTransport) -> None:
    """The requester is told."""
    transport.responder(ADDRESS)
    requester = transport.requester(ADDRESS)
    assert [requester.send([b""]) for _ in range(4)] == [True, True, True, False]


def test_an_answer_to_one_who_left_is_dropped(transport: MemoryTransport) -> None:
    """As a ROUTER socket does."""
    responder, requester = transport.responder(ADDRESS), transport.requester(ADDRESS)
    requester.send([b"?"])
    identity, _ = drained(responder)[0]
    requester.close()
    assert responder.send([bytes(identity), b"answer"])


@pytest.mark.parametrize("kind", ["publisher", "responder"])
def test_closing_twice_is_fine(transport: MemoryTransport, kind: str) -> None:
    """And what is closed no longer meets anybody."""
    bound = getattr(transport, kind)(ADDRESS)
    bound.close()
    bound.close()
    assert transport.place(ADDRESS).bound == []


def test_a_closed_channel_sends_no_more(transport: MemoryTransport) -> None:
    """Sending through it is an error, not a loss."""
    transport.responder(ADDRESS)
    requester = transport.requester(ADDRESS)
    requester.close()
    with pytest.raises(EndpointError, match="closed"):
        requester.send([b"?"])


def test_a_subscriber_does_not_send(transport: MemoryTransport) -> None:
    """It only listens."""
    with pytest.raises(EndpointError, match="cannot send"):
        transport.subscriber(ADDRESS, [""]).send([b""])


def test_handles_can_be_polled(transport: MemoryTransport) -> None:
    """ZeroMQ's poller takes them: readable while something waits, and not a moment longer."""
    publisher, subscriber = transport.publisher(ADDRESS), transport.subscriber(ADDRESS, ["t/"])
    publisher.send(MESSAGE)
    wait_on([subscriber.handle], 3_600_000_000_000)  # returns at once, or this test never ends
    publisher.send(MESSAGE)
    assert len(drained(subscriber)) == 2
    assert not readable(subscriber)
    publisher.send(MESSAGE)
    assert readable(subscriber)
    subscriber.close()


def readable(channel: Channel) -> bool:
    """Whether a poller would wake up."""
    import select  # noqa: PLC0415  only here

    poll = select.poll()
    poll.register(channel.handle, select.POLLIN)
    return bool(poll.poll(0))


LIVE = Link("live", ADDRESS, 1)


def passed(mischief: SeededMischief, link: Link = LIVE, count: int = 200) -> list[int]:
    """The numbers that arrive when 0, 1, 2 ... are sent."""
    return [frames[0][0] for number in range(count) for frames in mischief.through(link, [bytes([number])])]


def seeded(**chances: float) -> SeededMischief:
    """Always the same dice."""
    return SeededMischief(Random(7), **chances)  # noqa: S311  seeded, to be repeatable


def test_mischief_drops() -> None:
    """What arrives is in order, and less."""
    found = passed(seeded(drop=0.3))
    assert found == sorted(set(found))
    assert 100 < len(found) < 180


def test_mischief_duplicates() -> None:
    """Everything arrives, some of it twice."""
    found = passed(seeded(duplicate=0.3))
    assert set(found) == set(range(200))
    assert len(found) > 220


def test_mischief_delays_and_so_reorders() -> None:
    """What is held back arrives later, behind others."""
    found = passed(seeded(delay=0.3))
    assert found != sorted(found)
    assert len(found) == len(set(found)) > 190


def test_mischief_leaves_asked_links_in_order() -> None:
    """They are one stream each: a message may be lost there, but not overtake another."""
    found = passed(seeded(drop=0.1, duplicate=0.5, delay=0.5), Link("answer", ADDRESS, 1))
    assert found == sorted(set(found))
    assert len(found) < 200


def test_mischief_is_the_same_for_a_seed() -> None:
    """A failing seed can be played again."""
    chances = {"drop": 0.1, "duplicate": 0.1, "delay": 0.1}
    assert passed(seeded(**chances)) == passed(seeded(**chances))


def test_mischief_ends_when_told() -> None:
    """After `calm` everything arrives, what was delayed first of all."""
    mischief = seeded(drop=0.2, delay=0.5)
    passed(mischief)
    mischief.calm()
    passed(mischief, count=1)
    assert passed(mischief) == list(range(200))


class Twice:
    """Mischief that a test wrote itself."""

    def through(self, link: Link, frames: Parts) -> Iterator[Parts]:
        """Live messages come twice."""
        yield frames
        if link.end == "live":
            yield frames


def test_any_mischief_can_be_handed_in() -> None:
    """The transport asks it about every message of every link."""
    transport = MemoryTransport(mischief=Twice())
    publisher, subscriber = transport.publisher(ADDRESS), transport.subscriber(ADDRESS, ["t/"])
    publisher.send(MESSAGE)
    assert drained(subscriber) == [MESSAGE, MESSAGE]
