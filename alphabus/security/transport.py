"""Channels over TCP with keys; what is not TCP is as in `alphabus.sockets`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import zmq

from alphabus.clock import Clock, SystemClock
from alphabus.endpoints import TCP, Endpoints, default_run_dir
from alphabus.options import Queues
from alphabus.security.ends import GuardedPublisher, GuardedResponder, Guards
from alphabus.security.gate import Gate
from alphabus.security.keyring import Keyring, open_keyring
from alphabus.security.links import PatientSocket
from alphabus.security.watch import Told, Watch, untold
from alphabus.sockets import Channel, Subscription, ZmqTransport


class CurveTransport(ZmqTransport):
    """Every TCP link is encrypted, and each end knows the other by its key.

    A bound end lets in who is on the allow-list, and proves before it is used that it refuses others. A connecting end
    talks only to who holds the service's secret.
    """

    def __init__(
        self,
        keyring: Keyring,
        endpoints: Endpoints,
        queues: Queues | None = None,
        clock: Clock | None = None,
        told: Told = untold,
    ) -> None:
        """Raises KeyFileError when a service met over TCP has no key on the allow-list."""
        for service in endpoints.tcp:
            keyring.public_of(service)
        super().__init__(queues=queues)
        self._keyring, self._endpoints, self._told = keyring, endpoints, told
        self._clock = clock or SystemClock()
        self._guards: Guards | None = None

    def publisher(self, address: str) -> Channel:
        """XPUB that grants subscriptions by role."""
        if not address.startswith(TCP):
            return super().publisher(address)
        guards = self._guarded()
        channel = GuardedPublisher(lambda: self._server(zmq.XPUB), address, guards)
        return self._proved(channel, address, zmq.XPUB, guards)

    def responder(self, address: str) -> Channel:
        """ROUTER that lets through what a role allows."""
        if not address.startswith(TCP):
            return super().responder(address)
        guards = self._guarded()
        channel = GuardedResponder(self._bound(zmq.ROUTER, address), guards)
        return self._proved(channel, address, zmq.ROUTER, guards)

    def subscriber(self, address: str, topics: Sequence[str]) -> Subscription:
        """SUB with prefix filters."""
        if not address.startswith(TCP):
            return super().subscriber(address, topics)
        channel = self._patient(zmq.SUB, address)
        for topic in topics:
            channel.subscribe(topic)
        return channel

    def requester(self, address: str) -> Channel:
        """DEALER: many questions may be under way."""
        return self._patient(zmq.DEALER, address) if address.startswith(TCP) else super().requester(address)

    def close(self) -> None:
        """Let nobody in any more, then close every socket."""
        if self._guards is not None:
            self._guards.watch.close()
            self._guards = None
        super().close()

    def _guarded(self) -> Guards:
        if self._guards is None:
            watch = Watch(self._context, self._keyring, self._clock, self._told)
            gate = Gate(self._endpoints.instance, self._keyring.allowed, watch.banned)
            self._guards = Guards(watch, gate, self._clock, self._told)
        return self._guards

    def _patient(self, kind: int, address: str) -> PatientSocket:
        return PatientSocket(lambda: self._visitor(kind, address), address, self._clock, self._told)

    def _proved(self, channel: Channel, address: str, kind: int, guards: Guards) -> Channel:
        try:
            guards.watch.prove(address, kind)
        except BaseException:
            channel.close()
            raise
        return channel

    def _server(self, kind: int) -> zmq.Socket[bytes]:
        socket = self._plain(kind)
        self._admit(socket, TCP)
        if kind == zmq.XPUB:
            socket.setsockopt(zmq.XPUB_MANUAL, 1)
        return socket

    def _admit(self, socket: zmq.Socket[bytes], address: str) -> None:
        if address.startswith(TCP):
            socket.curve_server = True
            socket.curve_secretkey = self._keyring.pair.secret.encode()
            socket.setsockopt(zmq.ZAP_DOMAIN, self._endpoints.instance.encode())
            # Without it a server whose authenticator has died would let anybody in.
            socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)

    def _visitor(self, kind: int, address: str) -> zmq.Socket[bytes]:
        pair, server = self._keyring.pair, self._keyring.public_of(self._endpoints.service_at(address))
        socket = self._plain(kind)
        socket.curve_publickey, socket.curve_secretkey = pair.public.encode(), pair.secret.encode()
        socket.curve_serverkey = server.encode()
        return socket


def meeting_place(
    instance: str, run_dir: Path | str | None, keys: Path | str | None, told: Told = untold
) -> tuple[Endpoints, ZmqTransport]:
    """Where an instance is met, and by what: on this machine, or on any with the keys of a folder; see `connect`."""
    below = default_run_dir() if run_dir is None else Path(run_dir)
    if keys is not None:
        return connect(Path(keys), instance, below, told)
    return Endpoints(below, instance), ZmqTransport()


def connect(
    folder: Path, instance: str, run_dir: Path | None = None, told: Told = untold
) -> tuple[Endpoints, CurveTransport]:
    """What a client needs to reach an instance whose keys and addresses lie in `folder`; raises KeyFileError."""
    keyring = open_keyring(folder)
    endpoints = Endpoints(run_dir or default_run_dir(), instance, keyring.addresses)
    return endpoints, CurveTransport(keyring, endpoints, told=told)
