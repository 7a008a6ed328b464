"""Section <-> frames: the only place where bytes become messages.

A message is three frames: topic, header (one msgpack map with a closed set of keys), body (raw columns; for a universe
the symbols joined by newlines). Everything is checked before it is believed; a refusal is a DecodeError whose `reason`
is the counter it is filed under.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from itertools import takewhile
from typing import Any, Final

from alphabus import columns as bodies
from alphabus import header as headers
from alphabus import symbols as lists
from alphabus.errors import DecodeError, EncodeError
from alphabus.header import MAX_HEADER, Header, Pairs
from alphabus.messages import MESSAGES, STREAMED, Bars, Columns, Delivery, Factors, Message, Signals, Streamed, Universe
from alphabus.schema import KEYS, VERSION
from alphabus.symbols import MAX_SYMBOL

__all__ = [
    "MAX_BODY",
    "MAX_HEADER",
    "MAX_SYMBOL",
    "MAX_TOPIC",
    "Content",
    "Frames",
    "content_of",
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
_HEADER_FIELDS: Mapping[type[Message], Mapping[str, bool]] = {
    kind: {name: needed for name, needed in names.items() if name not in _IN_BODY} for kind, names in _FIELDS.items()
}
_BEFORE_COLUMNS: Mapping[type[Message], Sequence[str]] = {
    kind: tuple(takewhile(lambda name: name not in _IN_BODY, names)) for kind, names in _FIELDS.items()
}
_AFTER_COLUMNS: Mapping[type[Message], Sequence[str]] = {
    kind: tuple(names)[len(_BEFORE_COLUMNS[kind]) + 1 :] for kind, names in _FIELDS.items()
}
_COLUMNS_KEY, _SHAPE_KEY = headers.pack_value("columns"), headers.pack_value("shape")

Frames = tuple[bytes, bytes, bytes | memoryview]
"""Topic, header, body; a large body is the sender's own memory."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says, ready for a link and for the record alike: the header's pairs, and the body."""

    pairs: Pairs
    body: bytes | memoryview


def encode(delivery: Delivery, content: Content | None = None) -> Frames:
    """The three frames of a delivery; raises EncodeError for a message that could not be read back.

    `content` is the message's own, where it was made already.
    """
    topic = _topic_bytes(delivery.topic)
    content = content or content_of(delivery.message)
    link = _dumped("delivery", {key: getattr(delivery, key) for key in LINK_KEYS})
    return topic, headers.pack(content.pairs + headers.pack_pairs(link)), content.body


def decode(frames: Sequence[bytes | memoryview]) -> Delivery:
    """The delivery in these frames, its columns as read-only views into the body; raises DecodeError."""
    if len(frames) != 3:
        raise DecodeError("frames", f"{len(frames)} where a message has 3")
    topic = _read_topic(bytes(frames[0]))
    header = headers.unpack(frames[1])
    link = _loaded({key: header.pop(key, None) for key in LINK_KEYS})
    message = _message(header, memoryview(frames[2]))
    return Delivery(topic=topic, message=message, **link)


def encode_record(message: Streamed, content: Content | None = None) -> bytes:
    """The payload of a journal record: the header map without what belongs to a link, then the body."""
    content = content or content_of(message)
    return b"".join((headers.pack(content.pairs), content.body))


def decode_record(payload: bytes) -> Streamed:
    """The message of a journal record; raises DecodeError."""
    header, size = headers.unpack_first(payload)
    message = _message(header, memoryview(payload)[size:])
    if not isinstance(message, STREAMED):
        raise DecodeError("kind", f"{message.kind!r} is never on record")
    return message


def content_of(message: Message) -> Content:
    """What does not depend on the link; raises EncodeError for a message that could not be read back."""
    kind = type(message)
    before = _told(message, _BEFORE_COLUMNS[kind], {"v": VERSION, "kind": kind.kind})
    if isinstance(message, Universe):
        _guard(lists.check, message.symbols, message.universe)
        return Content(before, lists.pack(message.symbols))
    if not isinstance(message, Bars | Factors | Signals):
        return Content(before, b"")
    columns, body = _packed_columns(kind, message.columns)
    return Content(before + columns + _told(message, _AFTER_COLUMNS[kind], {}), body)


def _told(message: Message, names: Sequence[str], header: Header) -> Pairs:
    values = _dumped(message.kind, {name: getattr(message, name) for name in names})
    return headers.pack_pairs(header | values)


def _packed_columns(kind: type[Message], columns: Columns) -> tuple[Pairs, bytes | memoryview]:
    layout, size = bodies.arrange(columns)
    _guard(bodies.check_names, kind, layout.names)
    _guard(_check_body_size, layout.width * size)
    listed = Pairs(2, _COLUMNS_KEY + layout.packed + _SHAPE_KEY + headers.pack_value([size]))
    return listed, bodies.pack(columns)


def _dumped(kind: str, values: Header) -> Header:
    """As they cross the wire, each as its reader will take it."""
    name = ""
    try:
        for name, value in values.items():
            key = KEYS[name]
            wire = values[name] = key.dump(value)
            key.load(wire)
    except (ValueError, TypeError) as error:
        raise EncodeError(f"{kind}.{name}: {error}") from error
    return values


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
    version = _loaded({"v": header.pop("v", None)})["v"]
    if version > VERSION:
        raise DecodeError("version", f"schema {version}; this reader knows up to {VERSION}: update it")
    name = header.pop("kind", None)
    kind = _KINDS.get(name) if type(name) is str else None
    if kind is None:
        raise DecodeError("kind", f"{name!r:.60}")
    _check_body_size(len(body))
    values = _body_values(kind, header, body) | _header_values(kind, header)
    return kind(**values)


def _header_values(kind: type[Message], header: Header) -> Header:
    known = _HEADER_FIELDS[kind]
    for name, needed in known.items():
        if needed and name not in header:
            raise DecodeError("missing_key", f"{kind.kind}.{name}")
    if unknown := header.keys() - known.keys():
        raise DecodeError("unknown_key", f"{kind.kind}: {', '.join(sorted(unknown))[:200]}")
    return _loaded(header)


def _body_values(kind: type[Message], header: Header, body: memoryview) -> dict[str, Any]:
    if "columns" in _FIELDS[kind]:
        found = bodies.unpack(header.pop("columns", None), header.pop("shape", None), body)
        bodies.check_names(kind, found.layout.names)
        return {"columns": found}
    if kind is Universe:
        return {"symbols": lists.unpack(body, header.get("universe"))}
    if len(body):
        raise DecodeError("body", f"{len(body)} bytes; {kind.kind} has none")
    return {}


def _check_body_size(size: int) -> None:
    if size > MAX_BODY:
        raise DecodeError("body_size", f"{size} bytes; the limit is {MAX_BODY}")


def _loaded(values: Header) -> Header:
    """From the wire, in place."""
    name = ""
    try:
        for name, wire in values.items():
            values[name] = KEYS[name].load(wire)
    except (ValueError, TypeError) as error:
        raise DecodeError("value", f"{name}: {error}"[:300]) from error
    return values
