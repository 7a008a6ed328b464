"""The first frame: a topic as bytes, and what is none (pure)."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from alphabus.errors import DecodeError, EncodeError

MAX_TOPIC: Final = 256
REMEMBERED: Final = 256
"""Topics that were found sound: a link has few, and each message says its own again."""


@lru_cache(REMEMBERED)
def pack(topic: str) -> bytes:
    """The topic as it crosses the wire; raises EncodeError for what could not be read back."""
    raw = topic.encode("utf-8", "surrogatepass")  # what is not ASCII is refused below
    try:
        unpack(raw)
    except DecodeError as error:
        raise EncodeError(str(error)) from error
    return raw


@lru_cache(REMEMBERED)
def unpack(raw: bytes) -> str:
    """The topic in these bytes; raises DecodeError."""
    if not (0 < len(raw) <= MAX_TOPIC and raw.isascii() and raw.endswith(b"/")):
        raise DecodeError("topic", f"{raw[:60]!r} is not ASCII of at most {MAX_TOPIC} bytes that ends in '/'")
    topic = raw.decode("ascii")
    if not topic.isprintable() or " " in topic:
        raise DecodeError("topic", f"{topic[:60]!r} holds a space or a control character")
    return topic
