"""A stuck reader costs bounded memory, in bytes, and nobody else anything."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from alphabus.options import MIB, Queues
from alphabus.sockets import ZmqTransport

TOPIC = "t/bars/"
MESSAGES = 400
SECTION = MIB // 4
WAIT_MS = 20_000


def test_what_waits_for_a_stuck_reader_is_bounded_in_bytes() -> None:
    """Of 100 MiB no more is kept than the budget allows; a reader that reads gets every message."""
    queues = Queues(budget=16 * MIB, section=SECTION)
    with tempfile.TemporaryDirectory(prefix="ab") as folder, closing(ZmqTransport(queues=queues)) as transport:
        address = f"ipc://{Path(folder)}/x.pub"
        publisher = transport.publisher(address)
        stuck, reader = (transport.subscriber(address, [TOPIC]) for _ in range(2))
        for each in (stuck, reader):
            joined(publisher, each)
        for each in (stuck, reader):
            drained(each)
        waiting: Any = reader.handle
        for number in range(MESSAGES):
            publisher.send([TOPIC.encode(), b"%d" % number, bytes(SECTION)])
            assert waiting.poll(WAIT_MS)
            frames = reader.receive()
            assert frames is not None
            assert frames[1] == b"%d" % number
        kept = drained(stuck)
        assert queues.limit < 256  # bytes count here, not messages
        assert 0 < kept <= queues.limit + queues.smallest + 8  # and what the system itself buffers
        for channel in (publisher, stuck, reader):
            channel.close()


def joined(publisher: Any, subscriber: Any) -> None:
    """Publish until it hears, so that it is there from now on."""
    while not subscriber.handle.poll(20):
        publisher.send([TOPIC.encode(), b"joined", b""])


def drained(subscriber: Any) -> int:
    """How much was waiting; a moment of silence ends it."""
    count = 0
    while subscriber.handle.poll(200):
        subscriber.receive()
        count += 1
    return count
