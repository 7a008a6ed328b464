"""Section <-> frames: the only place where bytes become messages.

A message is three frames: topic, header (one msgpack map with a closed set of keys), body (raw columns; for a universe
the symbols joined by newlines). Everything is checked before it is believed; a refusal is a DecodeError whose `reason`
is the counter it is filed under.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, Final

from alphabus import columns as bodies
from alphabus import header as headers
from alphabus import symbols as lists
from alphabus.errors import DecodeError, EncodeError
from alphabus.header import MAX_HEADER, Header
from alphabus.messages import MESSAGES, STREAMED, Delivery, Message, Streamed, Universe
from alphabus.schema import KEYS, VERSION
from alphabus.symbols import MAX_SYMBOL

__all__ = [
    "MAX_BODY",
    "MAX_HEADER",
    "MAX_SYMBOL",
    "MAX_TOPIC",
    "Frames",
    "decode",
    "decode_record",
    "encode",
    "encode_record",
]

MAX_TOPIC: Final = 256
MAX_BODY: Final = 256 * 1024 * 1024

LINK_KEYS: Final = ("epoch", "seq", "sent")

_KINDS: Mapping[str, type[Message]] = {kind.kind: kind for kind in MESSAGES}
_FIELDS: Mapping[type[Message], Mapping[str, bool]] = {
    kind: {item.name: item.default is MISSING and item.default_factory is MISSING for item in fields(kind)}
    for kind in MESSAGES
}
"""The fields of each kind in their order, which is that of the header, and whether they must be there."""
_IN_BODY: Final = ("columns", "symbols")

Frames = tuple[bytes, bytes, bytes]


def encode(delivery: Delivery) -> Frames:
    """The three frames of a delivery; raises EncodeError for a message that could not be read back."""
    topic = _topic_bytes(delivery.topic)
    header, body = _content(delivery.message)
    for key in LINK_KEYS:
        header[key] = _dumped("delivery", key, getattr(delivery, key))
    return topic, headers.pack(header), body


def decode(frames: Sequence[bytes | memoryview]) -> Delivery:
    """The delivery in these frames, its columns as read-only views into the body; raises DecodeError."""
    if len(frames) != 3:
        raise DecodeError("frames", f"{len(frames)} where a message has 3")
    topic = _read_topic(bytes(frames[0]))
    header = headers.unpack(frames[1])
    link = {key: _value(key, header.pop(key, None)) for key in LINK_KEYS}
    message = _message(header, memoryview(frames[2]))
    return Delivery(topic=topic, message=message, **link)


def encode_record(message: Streamed) -> bytes:
    """The payload of a journal record: the header map without what belongs to a link, then the body."""
    header, body = _content(message)
    return headers.pack(header) + body


def decode_record(payload: bytes) -> Streamed:
    """The message of a journal record; raises DecodeError."""
    header, size = headers.unpack_first(payload)
    message = _message(header, memoryview(payload)[size:])
    if not isinstance(message, STREAMED):
        raise DecodeError("kind", f"{message.kind!r} is never on record")
    return message


def _content(message: Message) -> tuple[Header, bytes]:
    kind, body = type(message), b""
    header: Header = {"v": VERSION, "kind": kind.kind}
    for name in _FIELDS[kind]:
        value = getattr(message, name)
        if name == "columns":
            header["columns"], header["shape"] = bodies.describe(value)
            _guard(bodies.check_names, kind, tuple(value))
            _guard(_check_body_size, bodies.size_of(value))
            body = bodies.pack(value)
        elif name == "symbols":
            _guard(lists.check, value, getattr(message, "universe", None))
            body = lists.pack(value)
        else:
            header[name] = _dumped(kind.kind, name, value)
    return header, body


def _dumped(kind: str, name: str, value: Any) -> Any:
    key = KEYS[name]
    wire = key.dump(value)
    try:
        key.load(wire)
    except (ValueError, TypeError) as error:
        raise EncodeError(f"{kind}.{name}: {error}") from error
    return wire


def _guard(check: Callable[..., object], *arguments: Any) -> None:
    try:
        check(*arguments)
    except DecodeError as error:
        raise EncodeError(str(error)) from error


def _topic_bytes(topic: str) -> bytes:
    raw = topic.encode("utf-8", "replace")  # what is not ASCII is refused there, not replaced
    _guard(_read_topic, raw)
    return raw


def _read_topic(raw: bytes) -> str:
    if not (0 < len(raw) <= MAX_TOPIC and raw.isascii() and raw.endswith(b"/")):
        raise DecodeError("topic", f"{raw[:60]!r} is not ASCII of at most {MAX_TOPIC} bytes that ends in '/'")
    topic = raw.decode("ascii")
    if not topic.isprintable() or " " in topic:
        raise DecodeError("topic", f"{topic[:60]!r} holds a space or a control character")
    return topic


def _message(header: Header, body: memoryview) -> Message:
    version = _value("v", header.pop("v", None))
    if version > VERSION:
        raise DecodeError("version", f"schema {version}; this reader knows up to {VERSION}: update it")
    name = header.pop("kind", None)
    kind = _KINDS.get(name) if type(name) is str else None
    if kind is None:
        raise DecodeError("kind", f"{name!r:.60}")
    _check_body_size(len(body))
    values = _body_values(kind, header, body) | _header_values(kind, header)
    return kind(**values)


def _header_values(kind: type[Message], header: Header) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, needed in _FIELDS[kind].items():
        if name in _IN_BODY:
            continue
        if name in header:
            values[name] = _value(name, header.pop(name))
        elif needed:
            raise DecodeError("missing_key", f"{kind.kind}.{name}")
    if header:
        raise DecodeError("unknown_key", f"{kind.kind}: {', '.join(sorted(header))[:200]}")
    return values


def _body_values(kind: type[Message], header: Header, body: memoryview) -> dict[str, Any]:
    if "columns" in _FIELDS[kind]:
        found = bodies.unpack(header.pop("columns", None), header.pop("shape", None), body)
        bodies.check_names(kind, tuple(found))
        return {"columns": found}
    if kind is Universe:
        return {"symbols": lists.unpack(body, header.get("universe"))}
    if len(body):
        raise DecodeError("body", f"{len(body)} bytes; {kind.kind} has none")
    return {}


def _check_body_size(size: int) -> None:
    if size > MAX_BODY:
        raise DecodeError("body_size", f"{size} bytes; the limit is {MAX_BODY}")


def _value(name: str, wire: Any) -> Any:
    try:
        return KEYS[name].load(wire)
    except (ValueError, TypeError) as error:
        raise DecodeError("value", f"{name}: {error}"[:300]) from error
