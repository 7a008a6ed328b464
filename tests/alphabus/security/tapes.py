"""A wire that somebody taps: a TCP relay on the loopback that keeps what a client sent, or falls silent."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread

STEP_S = 0.02


@dataclass(slots=True)
class Tape:
    """Where the relay listens, whom it passes on to, and what went there."""

    port: int
    target: tuple[str, int]
    sent: bytearray = field(default_factory=bytearray)
    silent: Event = field(default_factory=Event)

    @property
    def address(self) -> str:
        """For a client."""
        return f"tcp://127.0.0.1:{self.port}"


@contextmanager
def recorded(address: str) -> Iterator[Tape]:
    """A relay to `address`; while `silent` is set nothing passes, and no connection is closed."""
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    stop = Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        tape = Tape(listener.getsockname()[1], (host, int(port)))
        thread = Thread(target=_relay, args=(listener, tape, stop))
        thread.start()
        try:
            yield tape
        finally:
            stop.set()
            thread.join()


def _relay(listener: socket.socket, tape: Tape, stop: Event) -> None:
    other: dict[socket.socket, socket.socket] = {}
    clients: set[socket.socket] = set()
    while not stop.is_set():
        for ready in select.select([listener, *([] if tape.silent.is_set() else other)], [], [], STEP_S)[0]:
            if ready is listener:
                client, server = listener.accept()[0], socket.create_connection(tape.target)
                other |= {client: server, server: client}
                clients.add(client)
            elif ready in other:
                _pass_on(ready, other, tape.sent if ready in clients else None)
    for each in other:
        each.close()


def _pass_on(source: socket.socket, other: dict[socket.socket, socket.socket], tape: bytearray | None) -> None:
    try:
        content = source.recv(65536)
        if tape is not None:
            tape += content
        if content:
            other[source].sendall(content)
            return
    except OSError:
        pass
    target = other.pop(source)
    other.pop(target, None)
    for each in (source, target):
        each.close()
