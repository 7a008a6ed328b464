"""A bad neighbourhood: stalled handshakes, garbage, links that fall silent, peers that are away."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path
from random import Random

import zmq
from zmq.utils.monitor import recv_monitor_message

from alphabus.errors import EndpointError
from alphabus.sockets import wait_on
from tests.alphabus.links import SERVICE, Stage
from tests.alphabus.security.doors import Site, raw, site
from tests.alphabus.security.tapes import recorded

STRANGERS = 300
GREETING = b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x03\x00CURVE" + bytes(47)


def squat(stack: ExitStack, address: str, count: int) -> list[socket.socket]:
    """Raw connections: a third says nothing, a third sends garbage, a third a greeting and then garbage."""
    host, _, port = address.removeprefix("tcp://").rpartition(":")
    random = Random(7)  # noqa: S311  seeded, to be repeatable
    found = [stack.enter_context(socket.create_connection((host, int(port)))) for _ in range(count)]
    for number, each in enumerate(found):
        if number % 3:
            each.sendall((GREETING if number % 3 == 2 else b"") + random.randbytes(200))
    return found


def test_squatters_do_not_keep_others_out(tmp_path: Path) -> None:
    """Three hundred raw connections on each end: who belongs comes in and is served; who is silent is dropped."""
    with site(tmp_path) as made, ExitStack() as stack:
        stage = made.stage()
        early = made.reader("client", stage)
        stage.publish(2)
        early.until(lambda: len(early.bars) >= 2, stage)
        squatters = [each for end in made.tcp[SERVICE] for each in squat(stack, end, STRANGERS)]
        late = made.reader("trader-2", stage)
        stage.publish(2)
        for reader in (early, late):
            reader.until(lambda reader=reader: len(reader.bars) >= 4, stage)  # type: ignore[misc]
        assert early.bars == late.bars == [1, 2, 3, 4]
        for each in squatters[::3]:  # those who say nothing
            each.settimeout(20.0)
            assert not each.recv(1) or drained(each)


def drained(stranger: socket.socket) -> bool:
    """Whether the other end hangs up, whatever it said before."""
    while stranger.recv(4096):
        pass
    return True


def test_a_link_that_falls_silent_is_noticed(tmp_path: Path) -> None:
    """Nothing comes, and nobody hangs up: ZeroMQ itself does, within 3 s."""
    with site(tmp_path) as made:
        made.stage()
        transport = made.transport("client")
        with recorded(made.tcp[SERVICE][0]) as tape:
            subscriber = transport._visitor(zmq.SUB, made.tcp[SERVICE][0])
            monitor = subscriber.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED)
            subscriber.connect(tape.address)
            assert monitor.poll(20_000)
            monitor.recv_multipart()
            tape.silent.set()
            began = time.monotonic()
            assert monitor.poll(20_000)
            assert time.monotonic() - began < 3.0
            monitor.close(linger=0)
            subscriber.close(linger=0)


def test_an_absent_peer_costs_little(tmp_path: Path) -> None:
    """While nobody listens, under a tenth of a processor goes into trying."""
    with site(tmp_path, "bar_feed", "factor_engine", SERVICE) as made, raw(zmq.PULL) as idle:
        transport = made.transport("client")
        links = [transport.subscriber(live, []) for live, _ in made.tcp.values()]
        links += [transport.requester(asked) for _, asked in made.tcp.values()]  # type: ignore[misc]
        idle.bind("inproc://idle")
        began, spent = time.monotonic(), time.process_time()
        while time.monotonic() - began < 1.5:
            wait_on([idle], 200_000_000)
            for link in links:
                link.receive()
        assert time.process_time() - spent < 0.15
        for link in links:
            link.close()


def test_who_listens_in_a_service_s_place_is_not_believed(tmp_path: Path) -> None:
    """Somebody on the list, with another key: nothing of it is heard; once the service itself is back, all is well."""
    with site(tmp_path) as made:
        impostor = Stage.start(made.wire("observer"))
        impostor.publish(3)
        reader = made.reader("client", impostor)
        hung_up = made.transport("client")._visitor(zmq.SUB, made.tcp[SERVICE][0])
        monitor = hung_up.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)
        hung_up.connect(made.tcp[SERVICE][0])
        for _ in range(3):
            assert monitor.poll(20_000)
            assert recv_monitor_message(monitor)["event"] == zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL
            impostor.turn()
            reader.turn()
        monitor.close(linger=0)
        hung_up.close(linger=0)
        assert reader.bars == []
        impostor.outlet.close()
        stage = started(made)
        stage.publish(2)
        reader.until(lambda: len(reader.bars) >= 2, stage)
        assert reader.bars == [1, 2]


def started(made: Site) -> Stage:
    """The stage itself, as soon as its addresses are free: a socket lets go of them a moment after it was closed."""
    give_up = time.monotonic() + 20.0
    while True:
        try:
            return made.stage()
        except EndpointError:
            assert time.monotonic() < give_up
