"""What a peer that came in may do: every subscription and every question is held against its role (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from alphabus.codec import Frames, decode, encode
from alphabus.errors import DecodeError
from alphabus.messages import Delivery, Reply, Request
from alphabus.security.keyring import AllowList
from alphabus.security.roles import may_hear, may_send


@dataclass(frozen=True, slots=True)
class Denial:
    """Who was denied what; `reply` is what a question is answered with."""

    peer: str
    why: str
    reply: Frames | None = None


@dataclass(frozen=True, slots=True)
class Gate:
    """Knows the instance and the allow-list as it stands; a key that left the list may do nothing any more."""

    instance: str
    allowed: AllowList
    banned: AbstractSet[str] = frozenset()
    """Keys that may do nothing whatever the list says; it may grow."""

    def subscription(self, public: str, topic: bytes) -> Denial | None:
        """Of a prefix."""
        name, role = self._who(public)
        if role is None:
            return Denial(name, "not on the allow-list any more")
        why = may_hear(role, self.instance, topic.decode("ascii", "replace"))
        return Denial(name, why) if why else None

    def message(self, public: str, parts: Sequence[bytes], wall_ns: int) -> Denial | None:
        """Of what came at the asked end; bytes that are no message are let through to where those are counted."""
        try:
            delivery = decode(parts)
        except DecodeError:
            return None
        name, role = self._who(public)
        why = "not on the allow-list any more" if role is None else may_send(role, self.instance, delivery.message)
        if why is None:
            return None
        message = delivery.message
        reply = _refusal(delivery, message.id, why, wall_ns) if isinstance(message, Request) else None
        return Denial(name, why, reply)

    def _who(self, public: str) -> tuple[str, str | None]:
        peer = None if public in self.banned else self.allowed.peer(public)
        return (public, None) if peer is None else (peer.name, peer.role)


def _refusal(delivery: Delivery, question: int, why: str, wall_ns: int) -> Frames:
    told = "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in f"refused: {why}")
    return encode(Delivery(delivery.topic, 0, 0, wall_ns, Reply(question, 0, told)))
