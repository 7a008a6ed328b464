"""The door is watched: strangers are tried for, and an authenticator that dies is noticed and replaced."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import zmq

from alphabus.clock import ManualClock
from alphabus.errors import EndpointError, SecurityError
from alphabus.security import watch
from alphabus.security.keyring import open_keyring
from alphabus.security.probe import Door
from alphabus.security.watch import ATTEND_NS, PATIENCE_NS, PROVE_NS, Watch
from tests.alphabus.links import SERVICE
from tests.alphabus.security.doors import Site, Told, raw, site, wear

MINUTE_NS = 60_000_000_000


@dataclass(slots=True)
class Guarded:
    """A watch over one bound end, and the clock it goes by."""

    site: Site
    watch: Watch
    clock: ManualClock
    told: Told
    door: Door
    socket: zmq.Socket[bytes]

    def pass_time(self, ns: int) -> None:
        """Let time pass, and look after the door once."""
        self.clock.advance(ns)
        self.watch.attend()


@contextmanager
def guarded(folder: Path, *, curve: bool = True) -> Iterator[Guarded]:
    """A ROUTER on the loopback as the transport makes it, or with something left out."""
    with site(folder) as made:
        keyring, clock, told = open_keyring(made.folder, SERVICE), ManualClock(), Told()
        context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
        socket = context.socket(zmq.ROUTER)
        socket.linger = 0
        if curve:
            socket.curve_server, socket.curve_secretkey = True, keyring.pair.secret.encode()
            socket.setsockopt(zmq.ZAP_DOMAIN, b"t")
            socket.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)
        (address, _) = made.tcp[SERVICE]
        socket.bind(address)
        with closing(socket), closing(Watch(context, keyring, clock, told)) as guard:
            yield Guarded(made, guard, clock, told, Door(address, zmq.ROUTER, keyring.pair.public), socket)
        context.term()


def comes_in(made: Guarded, name: str = "client") -> bool:
    """Whether a peer with this key gets through its handshake."""
    with raw(zmq.DEALER) as peer:
        wear(peer, made.site.pairs[name], made.door.server)
        monitor = peer.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED)
        peer.connect(made.door.address)
        found = bool(monitor.poll(2000))
        peer.disable_monitor()
        monitor.close()
    return found


def test_a_door_that_asks_for_keys_is_proved(tmp_path: Path) -> None:
    """The self-test is refused, and is nobody's business."""
    with guarded(tmp_path) as made:
        made.watch.prove(made.door.address, zmq.ROUTER)
        made.pass_time(ATTEND_NS)
        assert made.told.events == []


@pytest.mark.parametrize(("curve", "outcome"), [(True, "accepted"), (False, "no_curve")])
def test_a_door_that_lets_anybody_in_halts_the_process(tmp_path: Path, curve: bool, outcome: str) -> None:  # noqa: FBT001  a table
    """An authenticator that refuses nobody, or no keys at all: it is told, and nothing runs like this."""
    with guarded(tmp_path, curve=curve) as made:
        made.watch._authenticator._problem = lambda _knock: None  # type: ignore[method-assign,assignment]
        with pytest.raises(SecurityError, match="would let in anybody"):
            made.watch.prove(made.door.address, zmq.ROUTER)
        assert made.told.of("stranger_accepted") == [{"address": made.door.address, "outcome": outcome}]


def test_a_door_nobody_answers_for_is_no_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is not a refusal."""
    monkeypatch.setattr(watch, "PATIENCE_MS", 200)
    with guarded(tmp_path) as made:
        kill(made)
        with pytest.raises(EndpointError, match="nobody answered"):
            made.watch.prove(made.door.address, zmq.ROUTER)


def kill(made: Guarded) -> None:
    """End the authenticator's thread as a bug in it would."""
    killed = made.watch._authenticator
    os.eventfd_write(killed._stop, 1)
    killed._thread.join()
    assert not killed.alive


def test_a_dead_authenticator_lets_nobody_in_and_is_replaced(tmp_path: Path) -> None:
    """Who is on the list waits meanwhile; it is told of, and then all is as before, the banned still banned."""
    with guarded(tmp_path) as made:
        made.watch.banned.add(made.site.pairs["observer"].public)
        assert comes_in(made)
        kill(made)
        assert not comes_in(made)
        made.pass_time(ATTEND_NS)
        assert made.told.events == [("authenticator_restarted", {})]
        assert comes_in(made)
        assert not comes_in(made, "observer")


def test_the_self_test_is_repeated(tmp_path: Path) -> None:
    """Within a minute, and what it finds counts: here the key is let in all of a sudden."""
    with guarded(tmp_path) as made:
        assert PROVE_NS <= MINUTE_NS
        made.watch.prove(made.door.address, zmq.ROUTER)
        made.watch._authenticator._problem = lambda _knock: None  # type: ignore[method-assign,assignment]
        made.pass_time(PROVE_NS)
        assert made.watch._probe is not None
        assert made.watch._probe._monitor.poll(20_000)
        with pytest.raises(SecurityError):
            made.pass_time(ATTEND_NS)
        assert made.told.of("stranger_accepted")


def test_a_hung_authenticator_is_replaced(tmp_path: Path) -> None:
    """The self-test that gets no answer shows it."""
    with guarded(tmp_path) as made:
        made.watch.prove(made.door.address, zmq.ROUTER)
        made.socket.unbind(made.door.address)
        made.pass_time(PROVE_NS)
        made.pass_time(PATIENCE_NS)
        assert made.told.events == [("authenticator_restarted", {})]
