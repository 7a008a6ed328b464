"""The self-test: an attempt to get in at our own door with a key that nobody has ever seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import zmq
from zmq.utils.monitor import recv_monitor_message

from alphabus.security.keys import make_pair

EVENTS: Mapping[int, str] = {
    zmq.EVENT_HANDSHAKE_SUCCEEDED: "accepted",
    zmq.EVENT_HANDSHAKE_FAILED_AUTH: "refused",
    zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL: "no_curve",
}


# ZeroMQ hangs up on a kind of socket that does not fit before it asks who is there.
VISITOR: Mapping[int, int] = {zmq.XPUB: zmq.SUB, zmq.ROUTER: zmq.DEALER}


@dataclass(frozen=True, slots=True)
class Door:
    """A bound end: where, of which kind, and the public key it answers with."""

    address: str
    kind: int
    server: str


class Outcome(StrEnum):
    """What became of it: only `refused` shows that keys are asked for, and that somebody looks at them."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    NO_CURVE = "no_curve"


class Probe:
    """Connects at once; `outcome` is there a moment later."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], door: Door) -> None:
        pair = make_pair()
        self.door, self.public = door, pair.public
        self._socket = context.socket(VISITOR[door.kind])
        self._socket.linger = 0
        self._socket.curve_publickey = pair.public.encode()
        self._socket.curve_secretkey = pair.secret.encode()
        self._socket.curve_serverkey = door.server.encode()
        mask = 0
        for event in EVENTS:
            mask |= event
        self._monitor = self._socket.get_monitor_socket(mask)
        self._socket.connect(door.address)

    def outcome(self, timeout_ms: int = 0) -> Outcome | None:
        """None while there is none; it may wait for it."""
        if not self._monitor.poll(timeout_ms):
            return None
        return Outcome(EVENTS[recv_monitor_message(self._monitor)["event"]])

    def close(self) -> None:
        """Leave."""
        self._socket.disable_monitor()
        self._monitor.close(linger=0)
        self._socket.close()
