"""What a client needs, which ends have keys, and what is refused before anything is connected."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
import zmq

from alphabus.errors import EndpointError, KeyFileError
from alphabus.security.keyring import open_keyring
from alphabus.security.transport import CurveTransport, connect
from tests.alphabus.links import SERVICE, Reader, Stage, Wire
from tests.alphabus.security.doors import card, site


def test_a_folder_is_all_a_client_needs(tmp_path: Path) -> None:
    """It says who we are, and who and where the services are."""
    with site(tmp_path) as made:
        stage = made.stage()
        endpoints, transport = connect(card(made, tmp_path / "card"), "t")
        made.stack.callback(transport.close)
        assert endpoints.tcp == made.tcp
        wire = made.wire("client")
        reader = Reader.start(Stage(Wire(type(wire.bus)(endpoints, transport, wire.bus.clock)), stage.outlet))
        made.stack.callback(reader.inlet.close)
        stage.publish(3)
        reader.until(lambda: len(reader.bars) >= 3, stage)
        assert reader.bars == [1, 2, 3]


def test_a_client_has_no_authenticator(tmp_path: Path) -> None:
    """It binds nothing, so nobody knocks."""
    with site(tmp_path) as made:
        transport = made.transport("client")
        transport.requester(made.endpoints.asked(SERVICE)).close()
        assert transport._guards is None


def test_what_has_no_tcp_address_stays_in_the_run_folder(tmp_path: Path) -> None:
    """Without keys, as ever."""
    with site(tmp_path) as made:
        made.endpoints.make_folder()
        transport = made.transport("monitor")
        address = made.endpoints.live("monitor")
        assert address.startswith("ipc://")
        with closing(transport.publisher(address)) as publisher:
            assert isinstance(publisher.handle, zmq.Socket)
            assert publisher.handle.mechanism == zmq.NULL
        with closing(transport.responder(made.endpoints.asked("monitor"))):
            assert transport._guards is None


def test_both_ends_have_keys(tmp_path: Path) -> None:
    """And the bound one enforces its domain."""
    with site(tmp_path) as made:
        server, client = made.transport(SERVICE), made.transport("client")
        with closing(server._server(zmq.XPUB)) as bound:
            assert (bound.mechanism, bound.curve_server) == (zmq.CURVE, 1)
            assert bound.getsockopt(zmq.ZAP_ENFORCE_DOMAIN) == 1
            assert bound.getsockopt(zmq.ZAP_DOMAIN) == b"t"
        with closing(client._visitor(zmq.SUB, made.tcp[SERVICE][0])) as connecting:
            assert (connecting.mechanism, connecting.curve_server) == (zmq.CURVE, 0)


def test_a_service_without_a_key_is_not_met(tmp_path: Path) -> None:
    """Nobody would know who is there."""
    with site(tmp_path, "monitor") as made:
        made.list_peers("monitor")
        with pytest.raises(KeyFileError, match="no key of monitor"):
            CurveTransport(open_keyring(made.folder, "client"), made.endpoints)


def test_an_address_of_nobody_is_refused(tmp_path: Path) -> None:
    """Keys belong to services."""
    with site(tmp_path) as made, pytest.raises(EndpointError, match="no service's address"):
        made.transport("client").requester("tcp://127.0.0.1:9")


def test_an_address_that_is_taken_says_so(tmp_path: Path) -> None:
    """At either end; and what was half made is closed."""
    with site(tmp_path) as made:
        made.stage()
        transport = made.transport(SERVICE)
        for make, address in zip((transport.publisher, transport.responder), made.tcp[SERVICE], strict=True):
            with pytest.raises(EndpointError, match=f"cannot bind {address}"):
                make(address)


def test_a_reader_that_was_stuck_recovers(tmp_path: Path) -> None:
    """What did not fit into the queues was dropped; the reader notices, asks, and misses nothing."""
    with site(tmp_path) as made:
        stage = made.stage()
        reader = made.reader("client", stage)
        reader.until(lambda: not reader.inlet.behind, stage)
        stage.publish(3000)
        reader.until(lambda: len(reader.bars) >= 3000, stage)
        assert reader.bars == list(range(1, 3001))
