"""What a reader asks its writer for: small pages at first, nothing that it has, and a successor at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from alphabus.appetite import ASK_AGAIN_NS, FIRST_BYTES, MAX_PATIENCE_NS
from alphabus.clock import ManualClock
from alphabus.outbox import CHUNK_BYTES, Outbox, Page
from alphabus.testing import signals
from tests.alphabus.links import STEP_NS, Reader, Stage, linked, wire

BOTH = pytest.mark.parametrize("kind", ["memory", "zmq"])
MANY = tuple(f"S{number:05d}" for number in range(4000))
"""A section of them takes more than half of a first page."""


@dataclass
class Watched:
    """A record that notes what it was asked: bar, bytes, part, and how many sections the page had."""

    outbox: Outbox
    asked: list[tuple[int, int, int, int]] = field(default_factory=list)

    def since(self, topic: str, journal: bytes, bar: int, most_bytes: int = CHUNK_BYTES, part: int = 0) -> Page:
        """As the outbox has it."""
        page = self.outbox.since(topic, journal, bar, most_bytes, part)
        self.asked.append((bar, most_bytes, part, len(page.frames)))
        return page


@BOTH
def test_pages_are_small_at_first_and_hold_nothing_twice(kind: str) -> None:
    """The writer heeds both: the first page is cut by its bytes, the next begins behind it, however large a section."""
    with linked(kind) as (stage, reader):
        values = dict.fromkeys(MANY, 1.0)
        for bar in range(1, 8):
            stage.outbox.add(stage.topic, message := signals(bar, values), stage.outlet.frames_of(stage.topic, message))
        record = Watched(stage.outbox)
        reader.inlet.followers[stage.topic].doubt()

        def turn() -> None:
            stage.outlet.serve(record, stage.answer)
            reader.turn()

        handles = [*reader.inlet.handles, *stage.outlet.handles]
        reader.wire.until(lambda: not reader.inlet.behind, turn, lambda: handles)
    assert record.asked[0] == (0, FIRST_BYTES, 0, 2)
    assert (record.asked[1][0], record.asked[1][2]) == (2, 1)
    assert sum(frames for *_, frames in record.asked) == len(reader.bars) == 7
    assert reader.inlet.tallies[stage.topic].duplicates == 0


def test_a_successor_is_soon_asked_again() -> None:
    """However patient the reader was with a writer that said nothing: it took the question with it."""
    with wire("memory") as made:
        clock = made.bus.clock
        assert isinstance(clock, ManualClock)
        stage = Stage.start(made)
        reader = Reader.start(stage)
        while reader.inlet._questions.appetite.patience_ns < MAX_PATIENCE_NS:
            clock.advance(STEP_NS)
            reader.turn()
        for _ in range(ASK_AGAIN_NS // STEP_NS + 2):  # the last of its questions is there, and waits for long
            clock.advance(STEP_NS)
            reader.turn()
        stage.publish()
        stage.restart()
        restarted = clock.monotonic_ns()
        reader.until(lambda: reader.bars == [1] and not reader.inlet.behind, stage)
        assert clock.monotonic_ns() - restarted < ASK_AGAIN_NS
