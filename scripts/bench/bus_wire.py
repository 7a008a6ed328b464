"""A link between two processes, twice: by our outlet and inlet, and by bare sockets of pyzmq."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import zmq

from alphabus.bus import Bus
from alphabus.clock import SystemClock
from alphabus.endpoints import Endpoints
from alphabus.security.keyring import Keyring, open_keyring
from alphabus.security.transport import CurveTransport
from alphabus.sockets import ZmqTransport
from common.key_folder import KeyFolder

INSTANCE, WRITER, READER = "bench", "factor_engine", "inference_worker"
IPC, CURVE = "ipc", "tcp + curve"
WIRES = (IPC, CURVE)


@dataclass(frozen=True, slots=True)
class Wire:
    """Where both ways go along; for TCP with keys below `folder`."""

    name: str
    folder: Path
    live: str
    asked: str
    bare: str

    @classmethod
    def make(cls, name: str, folder: Path) -> Self:
        """A new one; for TCP on ports of the loopback that are free at present."""
        endpoints = Endpoints(folder, INSTANCE)
        endpoints.make_folder()
        if name == IPC:
            return cls(name, folder, "", "", f"ipc://{endpoints.folder / 'bare'}")
        for service in (WRITER, READER):
            KeyFolder(folder / "keys").make(service, service)
        return cls(name, folder, *_free_addresses(3))

    @classmethod
    def of(cls, words: list[str]) -> Self:
        """The same in another process."""
        name, folder, *addresses = words
        return cls(name, Path(folder), *addresses)

    @property
    def words(self) -> list[str]:
        """How another process is told."""
        return [self.name, str(self.folder), self.live, self.asked, self.bare]

    @property
    def topic(self) -> str:
        """What is published on."""
        return self.endpoints.topic("factors", "bench")

    @property
    def endpoints(self) -> Endpoints:
        """Of our way."""
        return Endpoints(self.folder, INSTANCE, {WRITER: (self.live, self.asked)} if self.name == CURVE else {})

    def transport(self, name: str) -> ZmqTransport:
        """Ours, for the writer or the reader."""
        return CurveTransport(self._keyring(name), self.endpoints) if self.name == CURVE else ZmqTransport()

    def bus(self, transport: ZmqTransport) -> Bus:
        """Our way, over such a transport."""
        return Bus(self.endpoints, transport, SystemClock())

    def bare_publisher(self, context: zmq.Context[Any]) -> zmq.Socket[bytes]:
        """An XPUB, which sees who subscribes; with CURVE it lets anybody in."""
        link: zmq.Socket[bytes] = context.socket(zmq.XPUB)
        if self.name == CURVE:
            link.curve_server, link.curve_secretkey = True, self._keyring(WRITER).pair.secret.encode()
        link.bind(self.bare)
        return link

    def bare_subscriber(self, context: zmq.Context[Any]) -> zmq.Socket[bytes]:
        """A SUB that hears everything."""
        link: zmq.Socket[bytes] = context.socket(zmq.SUB)
        if self.name == CURVE:
            keyring = self._keyring(READER)
            link.curve_publickey, link.curve_secretkey = keyring.pair.public.encode(), keyring.pair.secret.encode()
            link.curve_serverkey = keyring.public_of(WRITER).encode()
        link.subscribe("")
        link.connect(self.bare)
        return link

    def _keyring(self, name: str) -> Keyring:
        return open_keyring(self.folder / "keys", name)


def _free_addresses(count: int) -> list[str]:
    with ExitStack() as held:
        taken = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [f"tcp://127.0.0.1:{each.getsockname()[1]}" for each in taken]
