"""Topics an inlet takes up and drops while it runs, over the memory bus and over ZeroMQ."""

from __future__ import annotations

import pytest

from alphabus.continuity import Follower, Place
from alphabus.messages import Signals
from alphabus.testing import signals
from tests.alphabus.links import Reader, Stage, linked

BOTH = pytest.mark.parametrize("kind", ["memory", "zmq"])
OTHER = "t/signals/other/"


def say(stage: Stage, *bars: int) -> None:
    """Sections of the other topic."""
    for bar in bars:
        message = signals(bar, {"A": -1.0}, arm="other")
        stage.outbox.add(OTHER, message, stage.outlet.publish(OTHER, message))


def heard(stage: Stage, reader: Reader, last: int) -> list[int]:
    """Bars of the other topic until `last` came."""
    found: list[int] = []

    def turn() -> None:
        stage.turn()
        messages = [delivery.message for delivery in reader.inlet.receive() if delivery.topic == OTHER]
        found.extend(message.bar for message in messages if isinstance(message, Signals))

    reader.wire.until(lambda: last in found, turn, lambda: [*reader.inlet.handles, *stage.outlet.handles])
    return found


@BOTH
def test_a_topic_taken_up_later_is_whole(kind: str) -> None:
    """What was said before from the record, then what follows; the first topic goes on undisturbed."""
    with linked(kind) as (stage, reader):
        say(stage, 1, 2, 3)
        reader.inlet.follow(OTHER)
        assert reader.inlet.is_behind(OTHER)
        assert heard(stage, reader, 3) == [1, 2, 3]
        say(stage, 4, 5)
        assert heard(stage, reader, 5) == [4, 5]
        assert not reader.inlet.is_behind(OTHER)
        stage.publish(3)
        reader.until(lambda: reader.bars == [1, 2, 3], stage)


@BOTH
def test_it_may_be_taken_up_from_a_place(kind: str) -> None:
    """Nothing up to there comes again."""
    with linked(kind) as (stage, reader):
        say(stage, 1, 2, 3, 4)
        reader.inlet.follow(OTHER, Follower(OTHER, bytes(16), Place(2, 1)))
        assert heard(stage, reader, 4) == [3, 4]


@BOTH
def test_a_topic_that_is_dropped_is_heard_no_more_until_taken_up_again(kind: str) -> None:
    """Also what was asked for and is still under way; taken up twice it is still one."""
    with linked(kind) as (stage, reader):
        say(stage, 1)
        reader.inlet.follow(OTHER)
        reader.inlet.follow(OTHER)
        assert heard(stage, reader, 1) == [1]
        reader.inlet.unfollow(OTHER)
        reader.inlet.unfollow(OTHER)
        assert not reader.inlet.is_behind(OTHER)
        say(stage, 2)
        stage.publish(2)
        reader.until(lambda: len(reader.bars) == 2, stage)
        reader.inlet.follow(OTHER, Follower(OTHER, bytes(16), Place(1, 1)))
        reader.inlet.unfollow(OTHER)
        reader.inlet.follow(OTHER, Follower(OTHER, bytes(16), Place(2, 1)))
        say(stage, 3)
        assert heard(stage, reader, 3) == [3]
