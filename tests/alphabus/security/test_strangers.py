"""Who does not belong gets nowhere, on real sockets with real keys: no key, a wrong one, an unlisted one."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import zmq

from alphabus.codec import encode
from alphabus.messages import Request
from alphabus.security.keys import make_pair
from tests.alphabus.examples import delivery
from tests.alphabus.links import SERVICE
from tests.alphabus.security.doors import Site, raw, site, wear

Dress = Callable[[Site, "zmq.Socket[bytes]"], None]


def without_keys(_site: Site, _socket: zmq.Socket[bytes]) -> None:
    """The NULL mechanism."""


def with_a_password(_site: Site, socket: zmq.Socket[bytes]) -> None:
    """The PLAIN mechanism."""
    socket.plain_username, socket.plain_password = b"admin", b"admin"


def with_a_new_key(made: Site, socket: zmq.Socket[bytes]) -> None:
    """A good key that is on no list."""
    wear(socket, make_pair(), made.pairs[SERVICE].public)


def with_half_a_key(made: Site, socket: zmq.Socket[bytes]) -> None:
    """The public key of one who is on the list, and another secret."""
    wear(socket, make_pair(), made.pairs[SERVICE].public)
    socket.curve_publickey = made.pairs["client"].public.encode()


def with_a_wrong_server(made: Site, socket: zmq.Socket[bytes]) -> None:
    """A listed key, encrypted for somebody else: what a captured handshake looks like elsewhere."""
    wear(socket, made.pairs["client"], made.pairs["monitor"].public)


def with_a_removed_key(made: Site, socket: zmq.Socket[bytes]) -> None:
    """A key that was on the list."""
    made.list_peers("client")
    wear(socket, made.pairs["client"], made.pairs[SERVICE].public)


STRANGERS = {
    "no key": without_keys,
    "a password": with_a_password,
    "an unlisted key": with_a_new_key,
    "a public key without its secret": with_half_a_key,
    "another server's key": with_a_wrong_server,
    "a removed key": with_a_removed_key,
}
TOLD = ("an unlisted key", "a removed key")
FAILED = (
    zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
) | zmq.EVENT_DISCONNECTED


@pytest.mark.parametrize("end", ["live", "asked"])
@pytest.mark.parametrize("dress", STRANGERS.values(), ids=STRANGERS)
def test_a_stranger_gets_nowhere(tmp_path: Path, end: str, dress: Dress) -> None:
    """Its handshake fails at either end; it hears nothing and is not heard, and whoever belongs is served."""
    with site(tmp_path, SERVICE) as made:
        stage = made.stage()
        with raw(zmq.SUB if end == "live" else zmq.DEALER) as stranger:
            dress(made, stranger)
            if end == "live":
                stranger.subscribe(b"")
            monitor = stranger.get_monitor_socket(FAILED | zmq.EVENT_HANDSHAKE_SUCCEEDED)
            stranger.connect(made.tcp[SERVICE][end == "asked"])
            if end == "asked":
                with suppress(zmq.Again):  # it was refused already
                    stranger.send_multipart(encode(delivery(Request(1, "status", {}))), zmq.DONTWAIT)
            assert monitor.poll(20_000)
            (event,) = (monitor.recv_multipart()[0][:2],)
            assert int.from_bytes(event, "little") & FAILED
            reader = made.reader("trader-2", stage)
            stage.publish(3)
            reader.until(lambda: len(reader.bars) >= 3, stage)
            assert not stranger.poll(0)
            stranger.disable_monitor()
            monitor.close()
        assert bool(made.told.of("stranger_refused")) == any(dress is STRANGERS[name] for name in TOLD)
        assert made.told.of("peer_denied") == []
