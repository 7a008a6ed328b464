"""ZeroMQ's authentication protocol (RFC 27): a bound socket asks before it lets a peer in, and we answer (pure)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zmq.utils import z85

ADDRESS = "inproc://zeromq.zap.01"
VERSION = b"1.0"
KEY_BYTES = 32

OK, REFUSED = b"200", b"400"


@dataclass(frozen=True, slots=True)
class Knock:
    """A peer that wants in: where it comes from, and its public key (Z85), which it has proved to hold."""

    domain: str
    address: str
    public: str


Judge = Callable[[Knock], str | None]


def answer(frames: Sequence[bytes], judge: Judge) -> list[bytes]:
    """The reply to a request, envelope included; `judge` says why the peer may not come in, or None.

    The peer's public key becomes its User-Id, which goes with every message it sends. Whatever is not a well-formed
    request about a CURVE key is refused.
    """
    cut = frames.index(b"") + 1 if b"" in frames else len(frames)
    envelope, body = frames[:cut], frames[cut:]
    request_id = body[1] if len(body) > 1 else b""
    knock = _knock(body)
    problem = "not CURVE" if knock is None else judge(knock)
    status, user = (OK, knock.public) if knock is not None and problem is None else (REFUSED, "")
    return [*envelope, VERSION, request_id, status, (problem or "OK").encode(), user.encode(), b""]


def _knock(body: Sequence[bytes]) -> Knock | None:
    if len(body) != 7 or body[0] != VERSION or body[5] != b"CURVE" or len(body[6]) != KEY_BYTES:
        return None
    return Knock(body[2].decode("ascii", "replace"), body[3].decode("ascii", "replace"), z85.encode(body[6]).decode())
