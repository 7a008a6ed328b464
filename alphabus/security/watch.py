"""Keeps the door watched: the authenticator alive, strangers refused in fact, and whoever was refused told of."""

from __future__ import annotations

from typing import Protocol

import zmq

from alphabus.clock import Clock
from alphabus.errors import EndpointError, SecurityError
from alphabus.security.authenticator import Authenticator
from alphabus.security.keyring import Keyring
from alphabus.security.probe import Door, Outcome, Probe

SECOND = 1_000_000_000
ATTEND_NS = SECOND // 10
PROVE_NS = 30 * SECOND
PATIENCE_NS = 5 * SECOND
PATIENCE_MS = PATIENCE_NS // 1_000_000


class Told(Protocol):
    """Hears of what happened at the door: always from the stage's own thread."""

    def __call__(self, event: str, **detail: str) -> None:
        """`event` is one of EVENTS."""
        ...


EVENTS = {
    "stranger_refused": "somebody without a key on the allow-list, or banned, tried to come in",
    "peer_denied": "a peer subscribed to, asked or acknowledged what its role does not allow",
    "peer_banned": "a peer subscribed to more than anybody needs; its key is refused until this process restarts",
    "link_refused": "we were refused elsewhere, and try again",
    "link_accepted": "we were let in where we had been refused",
    "keys_unreadable": "the allow-list cannot be read: nobody comes in, and who is in stays",
    "keys_readable": "the allow-list can be read again, and counts",
    "authenticator_restarted": "the thread that answers for peers had died; meanwhile nobody could come in",
    "stranger_accepted": "the self-test came in with a key nobody knows: the process halts",
}


def untold(event: str, **detail: str) -> None:
    """Nobody asked to hear."""


class Watch:
    """Of one process: all its bound ends have one authenticator, and are probed in turn."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], keyring: Keyring, clock: Clock, told: Told) -> None:
        self._context, self._keyring, self._clock, self._told = context, keyring, clock, told
        self.banned: set[str] = set()
        """Public keys that are refused whatever the allow-list says."""
        self._authenticator = Authenticator(context, keyring.allowed, self.banned)
        self._doors: list[Door] = []
        self._probe: Probe | None = None
        self._attend_ns = self._began_ns = clock.monotonic_ns()
        self._problem: str | None = None

    def prove(self, address: str, kind: int) -> None:
        """Show that the end bound here refuses strangers; raises SecurityError, EndpointError when nobody answers."""
        door = Door(address, kind, self._keyring.pair.public)
        probe = self._knock(door)
        try:
            outcome = probe.outcome(PATIENCE_MS)
        finally:
            self._leave(probe)
        if outcome is None:
            raise EndpointError(f"{address}: nobody answered for the peers in {PATIENCE_MS} ms")
        self._judge(door, outcome)
        self._doors.append(door)

    def attend(self) -> None:
        """Look after everything; cheap, and called at every turn."""
        now = self._clock.monotonic_ns()
        if now < self._attend_ns:
            return
        self._attend_ns = now + ATTEND_NS
        self._tell()
        if not self._authenticator.alive:
            self._restart()
        self._step(now)

    def close(self) -> None:
        """Let nobody in any more."""
        if self._probe is not None:
            self._leave(self._probe)
            self._probe = None
        self._authenticator.close()

    def _tell(self) -> None:
        refused = self._authenticator.refused
        while refused:
            knock, why = refused.popleft()
            self._told("stranger_refused", address=knock.address, public=knock.public, why=why)
        problem = self._keyring.allowed.problem
        if problem != self._problem and problem is not None:
            self._told("keys_unreadable", why=problem)
        elif problem is None and self._problem is not None:
            self._told("keys_readable")
        self._problem = problem

    def _restart(self) -> None:
        self._authenticator.close()
        self._authenticator = Authenticator(self._context, self._keyring.allowed, self.banned)
        self._told("authenticator_restarted")

    def _step(self, now: int) -> None:
        """The self-test, without ever waiting for it: one end after the other, every so often."""
        waited = now - self._began_ns
        if self._probe is None:
            if waited >= PROVE_NS and self._doors:
                self._doors.append(self._doors.pop(0))
                self._probe, self._began_ns = self._knock(self._doors[0]), now
            return
        outcome = self._probe.outcome()
        if outcome is None and waited < PATIENCE_NS:
            return
        door = self._probe.door
        self._leave(self._probe)
        self._probe = None
        if outcome is None:
            self._restart()
        else:
            self._judge(door, outcome)

    def _knock(self, door: Door) -> Probe:
        probe = Probe(self._context, door)
        self._authenticator.expected.add(probe.public)
        return probe

    def _leave(self, probe: Probe) -> None:
        probe.close()
        self._authenticator.expected.discard(probe.public)

    def _judge(self, door: Door, outcome: Outcome) -> None:
        if outcome is not Outcome.REFUSED:
            self._told("stranger_accepted", address=door.address, outcome=outcome.value)
            raise SecurityError(f"{door.address} would let in anybody ({outcome.value}): nothing may run like this")
