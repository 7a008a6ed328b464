"""How much may wait: messages or bytes, whichever is less, and a credit window always."""

from __future__ import annotations

from typing import Any

import pytest
import zmq

from alphabus.codec import MAX_BODY
from alphabus.errors import EndpointError
from alphabus.options import ASKED_BYTES, ASKED_HIGH_WATER, LARGEST_FRAME, MIB, READER_HIGH_WATER, READERS, Queues
from alphabus.sockets import ZmqTransport

BUDGETS = [
    pytest.param(0, 256, id="nobody knows how large a section is"),
    pytest.param(50_000, 256, id="small sections: messages count"),
    pytest.param(632_000, 106, id="500 symbols and 158 factors"),
    pytest.param(6_320_000, 24, id="5,000 symbols: a credit window"),
    pytest.param(2**40, 24, id="absurd: a credit window"),
]


@pytest.mark.parametrize(("section", "limit"), BUDGETS)
def test_a_budget_of_bytes(section: int, limit: int) -> None:
    """Divided by the size of a section."""
    assert Queues(256, 64 * MIB, 24, section).limit == limit


def test_a_small_mark_stays_small() -> None:
    """Whatever the credit."""
    assert Queues(8, 64 * MIB, 24, 10**7).limit == 8


def test_pages_fit_at_the_asked_ends() -> None:
    """Whole, and still in a budget."""
    asked = Queues(256, 64 * MIB, 24, 6_320_000).of(zmq.ROUTER)
    assert asked.limit == ASKED_BYTES // 6_320_000
    assert Queues().of(zmq.DEALER).limit == ASKED_HIGH_WATER
    assert Queues().of(zmq.XPUB) == Queues()


@pytest.mark.parametrize("kind", [zmq.XPUB, zmq.SUB, zmq.ROUTER, zmq.DEALER])
def test_every_socket_has_finite_limits(kind: int) -> None:
    """Queues, frames, silence and handshakes; half-open links show in less than 3 s; attempts to reconnect thin out."""
    transport = ZmqTransport()
    socket: Any = transport._plain(kind)
    assert 0 < socket.sndhwm <= ASKED_HIGH_WATER
    assert 0 < socket.rcvhwm <= (READER_HIGH_WATER if kind in READERS else ASKED_HIGH_WATER)
    assert 0 < socket.maxmsgsize <= MAX_BODY + 1024
    assert 0 < socket.heartbeat_ivl + socket.heartbeat_timeout < 3000
    assert 0 < socket.handshake_ivl <= 3000
    assert 0 <= socket.linger <= (100 if kind in READERS else 500)
    assert 0 < socket.reconnect_ivl <= 100
    assert 10 * socket.reconnect_ivl <= socket.reconnect_ivl_max <= 1000
    transport.close()


def test_bound_ends_take_small_frames_only() -> None:
    """Subscriptions and questions."""
    assert max(LARGEST_FRAME.values()) < 128 * 1024


def test_tcp_needs_keys() -> None:
    """Neither end goes anywhere without."""
    transport = ZmqTransport()
    for make in (transport.publisher, transport.responder, transport.requester):
        with pytest.raises(EndpointError, match="TCP needs keys"):
            make("tcp://127.0.0.1:7001")
    with pytest.raises(EndpointError, match="TCP needs keys"):
        transport.subscriber("tcp://127.0.0.1:7001", [])
    transport.close()
