"""A stuck reader costs its writer bounded memory, in bytes, and nobody else anything; it outlives its writer."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import zmq

from alphabus.options import ASKED_BYTES, MIB, READER_HIGH_WATER, Queues
from alphabus.sockets import ZmqTransport

TOPIC = "t/bars/"
MESSAGES = 400
SECTION = MIB // 4
WAIT_MS = 20_000
BACKLOG = 300
KERNEL_BYTES = 32 * MIB  # what a peer with a queue of one and the system take at once

WRITER = f"""
import os, signal, sys
from alphabus.sockets import ZmqTransport
transport = ZmqTransport()
publisher = transport.publisher(sys.argv[1])
publisher.handle.poll()  # until somebody subscribes
publisher.receive()
for number in range({BACKLOG}):
    publisher.send([b"{TOPIC}", b"%d" % number, bytes(100)])
    publisher.handle.poll(1)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_waits_for_a_stuck_reader_is_bounded_in_bytes() -> None:
    """Of 100 MiB the writer keeps no more than its budget; a reader that reads gets every message."""
    queues = Queues(budget=16 * MIB, section=SECTION)
    with tempfile.TemporaryDirectory(prefix="ab") as folder, closing(ZmqTransport(queues=queues)) as transport:
        address = f"ipc://{Path(folder)}/x.pub"
        publisher, reader = transport.publisher(address), transport.subscriber(address, [TOPIC])
        with foreign_reader(address) as stuck:
            joined(publisher, reader.handle)
            joined(publisher, stuck)
            for each in (reader.handle, stuck):
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
        assert 0 < kept <= queues.limit + 8  # and what the system itself buffers
        for channel in (publisher, reader):
            channel.close()


def test_a_reader_that_does_not_read_outlives_the_death_of_its_writer() -> None:
    """A full queue at a reader whose writer dies and comes back ends the process in ZeroMQ 4.3: it is never full."""
    with tempfile.TemporaryDirectory(prefix="ab") as folder, closing(ZmqTransport()) as transport:
        address = f"ipc://{Path(folder)}/x.pub"
        reader: Any = transport.subscriber(address, [TOPIC])
        assert reader.handle.rcvhwm == READER_HIGH_WATER
        made = reader.handle.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        with writing(address) as first:
            shaken(made)
            first.wait(WAIT_MS / 1000)  # nothing is read, or even looked at, until it is dead
        with writing(address):
            shaken(made)
            assert drained(reader.handle) > BACKLOG / 10  # a killed writer does not send all it has
        made.close()
        reader.close()


@contextmanager
def writing(address: str) -> Iterator[subprocess.Popen[bytes]]:
    """A writer in a process of its own, which kills itself when it has written; it is gone at the end either way."""
    with subprocess.Popen([sys.executable, "-c", WRITER, address]) as writer:
        try:
            yield writer
        finally:
            writer.kill()


def shaken(made: Any) -> None:
    """Somebody new has joined."""
    assert made.poll(WAIT_MS)
    made.recv_multipart()


@contextmanager
def foreign_reader(address: str) -> Iterator[Any]:
    """A subscriber of somebody else's making, with a queue of one: it is full at once, and stays so."""
    context = zmq.Context()
    socket = context.socket(zmq.SUB)
    socket.rcvhwm, socket.linger = 1, 0
    socket.subscribe(TOPIC)
    socket.connect(address)
    try:
        yield socket
    finally:
        context.destroy(linger=0)


def joined(publisher: Any, subscriber: Any) -> None:
    """Publish until it hears, so that it is there from now on."""
    while not subscriber.poll(20):
        publisher.send([TOPIC.encode(), b"joined", b""])


def drained(subscriber: Any) -> int:
    """How much was waiting; a moment of silence ends it."""
    count = 0
    while subscriber.poll(200):
        subscriber.recv_multipart()
        count += 1
    return count


def test_what_waits_for_one_who_asks_and_does_not_read_is_bounded_in_bytes() -> None:
    """Without a word of how large a section is; whoever reads is answered all the while."""
    page = bytes(8 * MIB)  # one piece of memory, however often it is sent
    with tempfile.TemporaryDirectory(prefix="ab") as folder, closing(ZmqTransport()) as transport:
        address = f"ipc://{Path(folder)}/x.ask"
        responder, reader = transport.responder(address), transport.requester(address)
        with foreign_asker(address) as stuck:
            asker = asked(responder)
            reader.send([b"ask"])
            other = asked(responder)
            taken = sum(responder.send([asker, b"%d" % number, page]) for number in range(MESSAGES))
            assert ASKED_BYTES <= taken * len(page) <= ASKED_BYTES + len(page) + KERNEL_BYTES
            assert responder.send([other, b"answer", page])
            handle: Any = reader.handle
            assert handle.poll(WAIT_MS)
            while stuck.poll(1000):
                stuck.recv_multipart()
            assert responder.send([asker, b"again", page])
        for channel in (responder, reader):
            channel.close()


@contextmanager
def foreign_asker(address: str) -> Iterator[Any]:
    """Somebody else's requester, with a queue of one, that has asked."""
    context = zmq.Context()
    socket = context.socket(zmq.DEALER)
    socket.rcvhwm, socket.linger = 1, 0
    socket.connect(address)
    socket.send(b"ask")
    try:
        yield socket
    finally:
        context.destroy(linger=0)


def asked(responder: Any) -> bytes:
    """Who asked next."""
    assert responder.handle.poll(WAIT_MS)
    return bytes(responder.receive()[0])
