"""Outlet and Inlet together, the same over the memory bus and over ZeroMQ."""

from __future__ import annotations

from random import Random

import pytest

from alphabus.acknowledger import REPEAT_NS
from alphabus.appetite import ASK_AGAIN_NS
from alphabus.errors import EndpointError
from alphabus.inlet import STALE_NS
from alphabus.messages import Alert, Signals
from alphabus.outlet import Acknowledged, Outlet
from alphabus.sockets import ZmqTransport
from alphabus.testing import ManualClock, SeededMischief
from tests.alphabus.examples import EXAMPLES
from tests.alphabus.links import SERVICE, Reader, Stage, linked, wire

BOTH = pytest.mark.parametrize("kind", ["memory", "zmq"])


def bars(count: int) -> list[int]:
    """1, 2, 3 ... count."""
    return list(range(1, count + 1))


@BOTH
def test_what_is_published_arrives_in_order_and_once(kind: str) -> None:
    """Sections and the end of the stream."""
    with linked(kind) as (stage, reader):
        stage.publish(20)
        stage.end()
        reader.until(lambda: reader.ended, stage)
        assert reader.bars == bars(20)


@BOTH
def test_a_slow_joiner_gets_the_record_first(kind: str) -> None:
    """Whatever was published before it connected, then what follows."""
    with wire(kind) as made:
        stage = Stage.start(made)
        stage.publish(600)  # three pages
        reader = Reader.start(stage)
        stage.publish(5)
        reader.until(lambda: len(reader.bars) >= 605, stage)
        stage.publish(5)
        reader.until(lambda: len(reader.bars) >= 610, stage)
        assert reader.bars == bars(610)
        reader.inlet.close()
        stage.outlet.close()


@BOTH
def test_a_publisher_restarts(kind: str) -> None:
    """Nothing of before, between and after is missing or doubled, and the restart is counted."""
    with linked(kind) as (stage, reader):
        for _ in range(5):
            stage.publish(3)
            stage.restart()
            stage.publish(3)
        reader.until(lambda: len(reader.bars) >= 30 and not reader.inlet.behind, stage)
        assert reader.bars == bars(30)
        assert reader.inlet.tallies[stage.topic].restarted >= 1


@BOTH
def test_a_reader_that_was_stuck_recovers(kind: str) -> None:
    """A tiny high-water mark loses messages without an error; they are missed, asked for and applied."""
    with linked(kind, high_water=8) as (stage, reader):
        stage.publish(3000)
        reader.until(lambda: len(reader.bars) >= 3000, stage)
        assert reader.bars == bars(3000)
        assert reader.inlet.tallies[stage.topic].gaps >= 1


@BOTH
def test_what_is_refused_is_counted_and_the_rest_goes_on(kind: str) -> None:
    """Garbage on the live end costs a count, no section and no crash."""
    with linked(kind) as (stage, reader):
        stage.publish(1)
        for garbage in ([stage.topic.encode(), b"\xdd\xff\xff\xff\xff", b""], [stage.topic.encode()]):
            stage.outlet._live.send(garbage)
        stage.publish(1)
        reader.until(lambda: len(reader.bars) >= 2, stage)
        assert stage.wire.refusals == [(SERVICE, "header"), (SERVICE, "frames")]


@BOTH
def test_garbage_at_the_asked_end_is_counted_too(kind: str) -> None:
    """And the next question is answered."""
    with linked(kind) as (stage, reader):
        for garbage in ([b"", b"", b""], [b"t/ask/", b"\x81", b""], [b""]):
            reader.inlet._ask.send(garbage)
        question = reader.inlet.request("latest")
        reader.until(lambda: question in reader.inlet._questions._answers, stage)
        assert [reason for _, reason in stage.wire.refusals] == ["topic", "header", "frames"]


@BOTH
def test_a_question_is_answered_with_messages(kind: str) -> None:
    """The reply and what came with it, once."""
    with linked(kind) as (stage, reader):
        stage.publish(4)
        question = reader.inlet.request("latest", arm="champion")
        assert reader.inlet.awaits(question)
        assert reader.inlet.answer(question) is None
        reader.until(lambda: not reader.inlet.awaits(question), stage)
        answer = reader.inlet.answer(question)
        assert answer is not None
        reply, deliveries = answer
        assert (reply.error, [type(found.message) for found in deliveries]) == (None, [Signals])
        assert reader.inlet.answer(question) is None


@BOTH
@pytest.mark.parametrize(("verb", "said"), [("sing", "no verb 'sing'"), ("newline", "first line"), ("replay", "topic")])
def test_a_wrong_question_gets_an_error(kind: str, verb: str, said: str) -> None:
    """One that says what is wrong, whatever the text was made of."""
    with linked(kind) as (stage, reader):
        question = reader.inlet.request(verb)
        reader.until(lambda: not reader.inlet.awaits(question), stage)
        answer = reader.inlet.answer(question)
        assert answer is not None
        assert said in (answer[0].error or "")


@BOTH
def test_acknowledgements_reach_the_writer(kind: str) -> None:
    """Each is heard, and the lowest of all consumers counts."""
    with linked(kind) as (stage, reader):
        reader.inlet.acknowledge(stage.topic, bytes(16), 7)
        reader.until(lambda: bool(stage.heard), stage)
        assert stage.heard[-1].bar == 7
        assert stage.outlet.lowest_acknowledged(stage.topic, ["reader"], bytes(16)) == 7
        assert stage.outlet.lowest_acknowledged(stage.topic, ["reader", "other"], bytes(16)) == 0


@BOTH
def test_acknowledgements_are_repeated_to_a_writer_that_forgot(kind: str) -> None:
    """A restarted writer knows them again by itself."""
    with linked(kind) as (stage, reader):
        reader.inlet.acknowledge(stage.topic, bytes(16), 7)
        stage.restart()
        reader.until(lambda: stage.outlet.lowest_acknowledged(stage.topic, ["reader"], bytes(16)) == 7, stage)
        assert stage.heard[-1].bar == 7


@BOTH
def test_subscribers_are_counted(kind: str) -> None:
    """By topic: sections and health."""
    with linked(kind) as (stage, reader):
        reader.until(lambda: stage.outlet.subscribers == 2, stage)
        assert stage.outlet.subscribers == 2


@BOTH
def test_other_topics_are_not_heard(kind: str) -> None:
    """A topic that nobody follows costs its reader nothing, and its seq is its own."""
    with linked(kind) as (stage, reader):
        stage.outlet.publish("t/alerts/inference_worker/", EXAMPLES[Alert])
        stage.outlet.publish("t/signals/challenger/", EXAMPLES[Signals])
        stage.publish(1)
        reader.until(lambda: bool(reader.bars), stage)
        assert reader.inlet.tallies[stage.topic].gaps == 0
        assert {**stage.outlet.next}["t/alerts/inference_worker/"] == 2


def test_a_bind_that_fails_says_where() -> None:
    """A folder that is not there is an EndpointError with the address."""
    transport = ZmqTransport()
    with pytest.raises(EndpointError, match="ipc:///nowhere/at/all"):
        transport.publisher("ipc:///nowhere/at/all")
    transport.close()


@pytest.mark.parametrize("seed", range(60))
def test_a_link_full_of_mischief_loses_nothing(seed: int) -> None:
    """Drops, duplicates, delays and restarts by seed: every section arrives in order and once."""
    random = Random(seed)  # noqa: S311  seeded, to be repeatable
    mischief = SeededMischief(random, drop=0.05, duplicate=0.1, delay=0.1)
    with linked("memory", mischief=mischief) as (stage, reader):
        for _ in range(30):
            stage.publish(random.randint(0, 4))
            if random.random() < 0.1:
                stage.restart()
            if random.random() < 0.7:
                stage.turn()
                reader.turn()
                assert isinstance(stage.wire.bus.clock, ManualClock)
                stage.wire.bus.clock.advance(random.choice([0, ASK_AGAIN_NS // 2, ASK_AGAIN_NS]))
        mischief.calm()
        stage.end()
        reader.until(lambda: reader.ended and not reader.inlet.behind, stage)
        assert reader.bars == bars(stage.bar)


def test_a_silent_writer_is_stale() -> None:
    """After three heartbeats without a word, and no longer once it speaks."""
    with linked("memory") as (stage, reader):
        clock = stage.wire.bus.clock
        assert isinstance(clock, ManualClock)
        assert not reader.inlet.stale
        clock.advance(STALE_NS + 1)
        assert reader.inlet.stale
        stage.turn()
        reader.turn()
        assert not reader.inlet.stale


def test_the_wall_clock_does_not_matter() -> None:
    """An hour's step makes nothing stale and asks nothing again."""
    with linked("memory") as (stage, reader):
        clock = stage.wire.bus.clock
        assert isinstance(clock, ManualClock)
        for hour in (3_600_000_000_000, -7_200_000_000_000):
            clock.step_wall(hour)
            stage.publish(1)
            reader.turn()
        assert (reader.bars, reader.inlet.stale, reader.inlet.behind) == ([1, 2], False, False)


def test_an_unanswered_question_is_given_up() -> None:
    """A writer that is away is asked again; an old answer is not mistaken for a new one."""
    with linked("memory") as (stage, reader):
        clock = stage.wire.bus.clock
        assert isinstance(clock, ManualClock)
        question = reader.inlet.request("latest")
        clock.advance(ASK_AGAIN_NS)
        reader.turn()
        assert not reader.inlet.awaits(question)
        stage.turn()
        reader.turn()
        assert reader.inlet.answer(question) is None


def test_a_page_on_its_way_is_waited_for_however_slow() -> None:
    """Answers that take longer than the patience for a silent writer are still taken: no page is asked for twice."""
    with linked("memory") as (stage, reader):
        clock = stage.wire.bus.clock
        assert isinstance(clock, ManualClock)
        first = reader.inlet.request("latest")
        second = reader.inlet.request("latest")
        stage.turn()
        answers = list(iter(reader.inlet._ask.receive, None))
        assert len(answers) == 6
        for frames in answers:  # each message takes most of a second on a thin link
            clock.advance(ASK_AGAIN_NS * 9 // 10)
            for peer in stage.outlet._asked.peers.values():  # type: ignore[attr-defined]  # the memory bus has them
                peer.inbox.put(frames)
            reader.turn()
        assert reader.inlet.answer(first) is not None
        assert reader.inlet.answer(second) is not None


def test_questions_asked_of_an_absent_writer_cost_it_one_answer() -> None:
    """A reconnect is no storm: of the same question asked again and again only the last is answered."""
    with linked("memory") as (stage, reader):
        clock = stage.wire.bus.clock
        assert isinstance(clock, ManualClock)
        stage.publish(5)
        stage.outlet.close()
        for _ in range(50):
            reader.inlet.followers[stage.topic].unsure = True
            clock.advance(REPEAT_NS)
            reader.turn()
        stage.outlet = Outlet(stage.wire.bus, SERVICE, 2)
        stage.turn()
        answers = list(iter(reader.inlet._ask.receive, None))
        assert len(answers) < 10


def test_a_lost_question_is_noticed_by_the_answer_to_a_later_one() -> None:
    """Answers come in the order of the questions, so nobody waits for the one that was left out."""
    with linked("memory") as (stage, reader):
        lost = reader.inlet.request("latest")
        stage.outlet._asked.receive()
        later = reader.inlet.request("latest")
        stage.turn()
        reader.turn()
        assert not reader.inlet.awaits(lost)
        assert reader.inlet.answer(later) is not None


def test_a_question_asked_again_does_not_overtake_another() -> None:
    """The repeated one is answered in the place of its last asking."""
    with linked("memory") as (stage, reader):
        replay: dict[str, int | str | bytes] = {"topic": stage.topic, "journal": b"", "bar": 0}
        asked = [reader.inlet.request("replay", **replay), reader.inlet.request("latest")]
        asked.append(reader.inlet.request("replay", **replay))
        stage.turn()
        reader.turn()
        assert [reader.inlet.answer(question) is not None for question in asked] == [False, True, True]


def test_acknowledged_bars_belong_to_a_journal() -> None:
    """Another numbering forgets them; an older bar does not take a newer one back."""
    acknowledged, message = Acknowledged(), EXAMPLES
    first = next(m for kind, m in message.items() if kind.kind == "acknowledge")
    acknowledged.take(first)  # type: ignore[arg-type]
    assert acknowledged.lowest(["factor_engine"], bytes(range(16))) == 7
    assert acknowledged.lowest(["factor_engine"], bytes(16)) == 0
    assert acknowledged.lowest([], bytes(range(16))) == 0
