"""Ends over TCP on the loopback with real keys, and peers of every kind that try to come in."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import zmq

from alphabus.bus import Bus
from alphabus.clock import SystemClock
from alphabus.endpoints import SERVICES, Endpoints
from alphabus.errors import DecodeError
from alphabus.security.keyring import open_keyring
from alphabus.security.keys import PEERS, SUFFIX, Pair, Peer, make_pair, written_peers
from alphabus.security.roles import ROLES
from alphabus.security.transport import CurveTransport
from tests.alphabus.links import SERVICE, Reader, Stage, Wire

INSTANCE = "t"
WAIT_MS = 20_000  # only what is broken takes that long


def free_ports(count: int) -> list[int]:
    """Ports of the loopback that nobody uses at present."""
    with ExitStack() as held:
        taken = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in taken:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in taken]


def addresses(*services: str) -> dict[str, tuple[str, str]]:
    """Free addresses for the two ends of each service."""
    ports = free_ports(2 * len(services))
    found = [f"tcp://127.0.0.1:{port}" for port in ports]
    return {name: (found[2 * n], found[2 * n + 1]) for n, name in enumerate(services)}


@dataclass(slots=True)
class Told:
    """What a door said happened."""

    events: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    def __call__(self, event: str, **detail: str) -> None:
        """Note it."""
        self.events.append((event, detail))

    def of(self, event: str) -> list[dict[str, str]]:
        """The details of one kind of event."""
        return [detail for name, detail in self.events if name == event]


@dataclass(slots=True)
class Site:
    """A folder with a key for every role, and doors of an instance that know them."""

    folder: Path
    tcp: Mapping[str, tuple[str, str]]
    pairs: dict[str, Pair]
    told: Told = field(default_factory=Told)
    stack: ExitStack = field(default_factory=ExitStack)

    @property
    def endpoints(self) -> Endpoints:
        """With TCP addresses for the services chosen."""
        return Endpoints(self.folder / "run", INSTANCE, self.tcp)

    def transport(self, name: str) -> CurveTransport:
        """As the holder of this key."""
        keyring = open_keyring(self.folder, name)
        made = CurveTransport(keyring, self.endpoints, told=self.told)
        self.stack.callback(made.close)
        return made

    def wire(self, name: str) -> Wire:
        """A bus of the holder of this key."""
        refusals: list[tuple[str, str]] = []

        def refused(link: str, error: DecodeError, _frames: object) -> None:
            refusals.append((link, error.reason))

        return Wire(Bus(self.endpoints, self.transport(name), SystemClock(), refused), refusals)

    def stage(self) -> Stage:
        """The stage of `links`, behind its door."""
        stage = Stage.start(self.wire(SERVICE))
        self.stack.callback(stage.outlet.close)
        return stage

    def reader(self, name: str, stage: Stage) -> Reader:
        """A reader of the stage with another key."""
        made = self.wire(name)
        reader = Reader.start(Stage(made, stage.outlet))
        self.stack.callback(reader.inlet.close)
        return reader

    def list_peers(self, *without: str) -> None:
        """Write the allow-list, some left out."""
        peers = {name: self.peer(name) for name in self.pairs if name not in without}
        write_private(self.folder / PEERS, written_peers(peers))

    def peer(self, name: str) -> Peer:
        """As the allow-list has them."""
        return Peer(name, name if name in ROLES else "client", self.pairs[name].public)


def write_private(path: Path, text: str) -> None:
    """A file of mode 0600, replaced as a whole."""
    new = path.with_name(f"{path.name}.new")
    new.touch(mode=0o600)
    new.write_text(text, encoding="ascii")
    new.replace(path)


@contextmanager
def site(folder: Path, *services: str) -> Iterator[Site]:
    """Keys for every role, and a second client; `services` are met over TCP."""
    folder.chmod(0o700)
    pairs = {name: make_pair() for name in (*ROLES, "trader-2")}
    made = Site(folder, addresses(*(services or (SERVICE,))), pairs)
    for name, pair in pairs.items():
        write_private(folder / f"{name}{SUFFIX}", pair.secret)
    made.list_peers()
    with made.stack:
        yield made


def card(made: Site, folder: Path) -> Path:
    """A client's folder: its secret, and the keys and addresses of the services met over TCP."""
    folder.mkdir(mode=0o700)
    write_private(folder / f"client{SUFFIX}", made.pairs["client"].secret)
    met = {name: Peer(name, name, made.pairs[name].public, *ends) for name, ends in made.tcp.items()}
    write_private(folder / PEERS, written_peers(met | {"client": made.peer("client")}))
    return folder


@contextmanager
def raw(kind: int) -> Iterator[zmq.Socket[bytes]]:
    """A socket of a stranger's own making."""
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    socket = context.socket(kind)
    socket.linger = 0
    socket.reconnect_ivl = 50
    with closing(socket):
        yield socket
    context.term()


def wear(socket: zmq.Socket[bytes], pair: Pair, server: str) -> None:
    """Let the socket use these keys."""
    socket.curve_publickey, socket.curve_secretkey = pair.public.encode(), pair.secret.encode()
    socket.curve_serverkey = server.encode()


assert set(SERVICES) <= set(ROLES)
