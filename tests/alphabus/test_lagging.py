"""A reader that does not keep up: it gives up what waits for it, says so, and gets all of it from the record."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alphabus import backlog, held
from alphabus.backlog import MAX_MESSAGES, Backlog
from alphabus.held import MAX_HELD, Held
from alphabus.inlet import LOOK_NS, Inlet
from alphabus.messages import Delivery, Signals
from alphabus.outbox import Outbox, Page
from alphabus.outlet import Outlet
from alphabus.testing import ManualClock, MemoryTransport, memory_bus, signals

TOPIC = "test/signals/champion/"
SMALL, LARGE = 10, 20_000


class Stage:
    """A writer with a record, and a reader whose queue takes everything."""

    def __init__(self) -> None:
        self.clock, self.losses, self.bars = ManualClock(), Counter[str](), list[int]()
        bus = memory_bus(clock=self.clock, transport=MemoryTransport(1_000_000))
        bus = replace(bus, found=lambda _, what, count: self.losses.update({what: count}))
        self.outlet, self.outbox = Outlet(bus, "inference_worker", 1), Outbox(1 << 30)
        self.inlet = Inlet(bus, "cache", "inference_worker", [TOPIC])
        self.turn()
        self.turn()

    def publish(self, first: int, count: int) -> None:
        """So many sections."""
        for bar in range(first, first + count):
            message = signals(bar, {"A": 1.0})
            self.outbox.add(TOPIC, message, self.outlet.publish(TOPIC, message))

    def turn(self) -> None:
        """The writer answers, the reader takes what is there."""
        self.outlet.serve(self.outbox, lambda _: Page((), complete=True))
        messages = [delivery.message for delivery in self.inlet.receive()]
        self.bars += [message.bar for message in messages if isinstance(message, Signals)]
        self.clock.advance(LOOK_NS)


@pytest.mark.parametrize("bound", ["messages", "bytes"])
def test_it_rejoins_and_misses_nothing(monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    """What waited is given up at the bound, not read to its end; every section comes once, in order."""
    count = MAX_MESSAGES + 3000
    if bound == "bytes":
        monkeypatch.setattr(backlog, "MAX_BYTES", 300_000)
        count = 3000
    stage = Stage()
    stage.publish(1, count)
    turns = 0
    while not stage.losses["lagged"]:
        stage.turn()
        turns += 1
    assert len(stage.bars) < count
    assert stage.inlet.behind
    while len(stage.bars) < count:
        stage.turn()
        turns += 1
        assert turns < 200
    stage.publish(count + 1, 5)
    stage.turn()
    stage.turn()
    assert stage.bars == list(range(1, count + 6))
    assert stage.losses["lagged"] == 1
    assert not stage.inlet.behind


def test_who_comes_to_the_end_now_and_then_keeps_up() -> None:
    """However much it reads in all."""
    stage = Stage()
    for turn in range(3 * MAX_MESSAGES // 200):
        stage.publish(1 + 200 * turn, 200)
        stage.turn()
    assert stage.losses == {}
    assert len(stage.bars) == 3 * MAX_MESSAGES // 200 * 200


def test_a_backlog_is_counted_from_an_empty_queue() -> None:
    """Messages or bytes, whichever is too many first."""
    counted = Backlog()
    for _ in range(MAX_MESSAGES - 1):
        counted.read([b"topic", b"header"])
    assert not counted.is_long
    counted.read([b""])
    assert counted.is_long
    counted.end()
    assert not counted.is_long
    counted.read([b"topic", memoryview(bytes(backlog.MAX_BYTES))])
    assert counted.is_long


def test_what_is_held_is_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few large sections, many small ones."""
    monkeypatch.setattr(held, "MAX_HELD_BYTES", LARGE)
    for symbols, most in ((SMALL, LARGE // (9 * SMALL)), (LARGE // 45, 5), (LARGE, 1)):
        holding = Held()
        columns: dict[str, Any] = {"signal": np.ones(symbols), "flag": np.zeros(symbols, np.uint8)}
        message = replace(signals(1, {"A": 1.0}), columns=columns)
        sizes = []
        for seq in range(1, 3 * MAX_HELD):
            holding.add(Delivery(TOPIC, 1, seq, 0, message))
            sizes.append(len(holding))
        assert max(sizes) == most + (most * 9 * symbols < LARGE)
        assert holding.first_seq == 3 * MAX_HELD - len(holding)
        assert len(holding.take()) == sizes[-1]
        assert len(holding) == 0
        assert holding.first_seq is None
