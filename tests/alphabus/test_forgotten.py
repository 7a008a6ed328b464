"""A writer that no longer has what its reader asks for, over the memory bus and over ZeroMQ."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from alphabus.continuity import ANYTHING, Follower, Place
from alphabus.outbox import CHUNK_BYTES, Outbox, Page
from tests.alphabus.links import Reader, Stage, linked

BOTH = pytest.mark.parametrize("kind", ["memory", "zmq"])


@dataclass
class Bounded:
    """A record that begins with a bar, and refuses who asks for one before it; from 0 on is all there is."""

    outbox: Outbox
    begins: int

    def since(self, topic: str, journal: bytes, bar: int, most_bytes: int = CHUNK_BYTES, part: int = 0) -> Page:
        """As a journal of which the old part was dropped."""
        if 0 < bar < self.begins:
            raise LookupError(f"the record begins with bar {self.begins}")
        return self.outbox.since(topic, journal, max(bar, self.begins), most_bytes, part)


def resumed(stage: Stage, reader: Reader, bar: int, begins: int) -> None:
    """The reader goes on from a bar, and its writer's record begins with another."""
    reader.inlet.resume(stage.topic, Follower(stage.topic, bytes(16), Place(bar, 1)))
    reader.bars.clear()
    record = Bounded(stage.outbox, begins)

    def turn() -> None:
        stage.outlet.serve(record, stage.answer)
        reader.turn()

    handles = [*reader.inlet.handles, *stage.outlet.handles]
    reader.wire.until(lambda: not reader.inlet.behind, turn, lambda: handles)


@BOTH
def test_who_asks_too_far_back_gets_what_there_is(kind: str) -> None:
    """It is told so once, and is not stuck: the hole shows in the bars, and is counted."""
    with linked(kind) as (stage, reader):
        stage.publish(9)
        reader.until(lambda: len(reader.bars) == 9, stage)
        resumed(stage, reader, bar=2, begins=6)
        assert reader.bars == [6, 7, 8, 9]
        assert reader.inlet.tallies[stage.topic].refused == 1
        assert stage.outlet.refusals == 1
        stage.publish(1)
        reader.until(lambda: reader.bars[-1] == 10, stage)


@BOTH
def test_who_does_not_is_told_of_nothing(kind: str) -> None:
    """Where the record reaches back there is no refusal."""
    with linked(kind) as (stage, reader):
        stage.publish(9)
        reader.until(lambda: len(reader.bars) == 9, stage)
        resumed(stage, reader, bar=6, begins=6)
        assert reader.bars == [7, 8, 9]
        assert reader.inlet.tallies[stage.topic].refused == 0


def test_after_one_refusal_it_asks_from_where_it_is_again() -> None:
    """A refusal that was for another reason costs one page, and nothing is applied twice."""
    follower = Follower("t/", bytes(16), Place(7, 1))
    follower.refused()
    assert follower.known == ANYTHING
    assert follower.answered(1, None, []) == []
    assert follower.known == Place(7, 1)
