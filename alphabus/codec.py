"""Section <-> frames: the only place where bytes become messages.

A message is three frames: topic, header (one msgpack map with a closed set of keys), body (raw columns; for a universe
the symbols joined by newlines). Everything is checked before it is believed; a refusal is a DecodeError whose `reason`
is the counter it is filed under.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, Final

import msgpack

from alphabus import columns as bodies
from alphabus.errors import DecodeError, EncodeError
from alphabus.messages import MESSAGES, STREAMED, Delivery, Message, Streamed, Universe, universe_digest
from alphabus.schema import KEYS, VERSION

MAX_TOPIC: Final = 256
MAX_HEADER: Final = 64 * 1024
MAX_BODY: Final = 256 * 1024 * 1024
MAX_SYMBOL: Final = 64

LINK_KEYS: Final = ("epoch", "seq", "sent")

_KINDS: Mapping[str, type[Message]] = {kind.kind: kind for kind in MESSAGES}
_IN_BODY: Final = ("columns", "symbols")

Frames = tuple[bytes, bytes, bytes]


def encode(delivery: Delivery) -> Frames:
    """The three frames of a delivery; raises EncodeError for a message that could not be read back."""
    topic = _topic_bytes(delivery.topic)
    header, body = _content(delivery.message)
    for key in LINK_KEYS:
        header[key] = _dumped("delivery", key, getattr(delivery, key))
    return topic, _packed(header), body


def decode(frames: Sequence[bytes | memoryview]) -> Delivery:
    """The delivery in these frames, its columns as read-only views into the body; raises DecodeError."""
    if len(frames) != 3:
        raise DecodeError("frames", f"{len(frames)} where a message has 3")
    topic = _read_topic(bytes(frames[0]))
    header = _unpacked(frames[1])
    link = {key: _value(key, header.pop(key, None)) for key in LINK_KEYS}
    message = _message(header, memoryview(frames[2]))
    return Delivery(topic=topic, message=message, **link)


def encode_record(message: Streamed) -> bytes:
    """The payload of a journal record: the header map without what belongs to a link, then the body."""
    header, body = _content(message)
    return _packed(header) + body


def decode_record(payload: bytes) -> Streamed:
    """The message of a journal record; raises DecodeError."""
    unpacker = _unpacker(len(payload))
    unpacker.feed(payload)
    header = _unpack_with(unpacker)
    message = _message(header, memoryview(payload)[unpacker.tell() :])
    if not isinstance(message, STREAMED):
        raise DecodeError("kind", f"{message.kind!r} is never on record")
    return message


def _content(message: Message) -> tuple[dict[str, Any], bytes]:
    header: dict[str, Any] = {"v": VERSION, "kind": message.kind}
    body = b""
    for item in fields(message):
        value = getattr(message, item.name)
        if item.name == "columns":
            header["columns"], header["shape"] = bodies.describe(value)
            _guard(bodies.check_names, type(message), tuple(value))
            _guard(_check_body_size, sum(column.nbytes for column in value.values()))
            body = bodies.pack(value)
        elif item.name == "symbols":
            _guard(_check_symbols, value, getattr(message, "universe", None))
            body = "\n".join(value).encode("ascii")
        else:
            header[item.name] = _dumped(message.kind, item.name, value)
    return header, body


def _dumped(kind: str, name: str, value: Any) -> Any:
    key = KEYS[name]
    wire = key.dump(value)
    try:
        key.load(wire)
    except (ValueError, TypeError) as error:
        raise EncodeError(f"{kind}.{name}: {error}") from error
    return wire


def _guard(check: Any, *arguments: Any) -> None:
    try:
        check(*arguments)
    except DecodeError as error:
        raise EncodeError(str(error)) from error


def _packed(header: dict[str, Any]) -> bytes:
    packed: bytes = msgpack.packb(header, use_bin_type=True)
    if len(packed) > MAX_HEADER:
        raise EncodeError(f"a header of {len(packed)} bytes; the limit is {MAX_HEADER}")
    return packed


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


def _unpacker(size: int) -> Any:
    return msgpack.Unpacker(
        raw=False,
        strict_map_key=True,
        unicode_errors="strict",
        object_pairs_hook=_without_twins,
        ext_hook=_refuse_ext,
        max_buffer_size=max(size, 1),
        max_str_len=MAX_HEADER,
        max_bin_len=MAX_HEADER,
        max_array_len=bodies.MAX_COLUMNS,  # room is made for what an array announces, before it is there
        max_map_len=bodies.MAX_COLUMNS,
        max_ext_len=0,
    )


def _without_twins(pairs: list[tuple[Any, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    if not all(type(key) is str for key in found):
        raise ValueError("a key is not text")
    return found


def _refuse_ext(code: int, _data: bytes) -> Any:
    raise ValueError(f"ext type {code}")


def _unpack_with(unpacker: Any) -> dict[str, Any]:
    try:
        header = unpacker.unpack()
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise DecodeError("header", f"{type(error).__name__} {error}"[:200]) from error
    if type(header) is not dict:
        raise DecodeError("header", f"a {type(header).__name__} where a map is expected")
    return header


def _unpacked(frame: bytes | memoryview) -> dict[str, Any]:
    raw = bytes(frame)
    if len(raw) > MAX_HEADER:
        raise DecodeError("header_size", f"{len(raw)} bytes; the limit is {MAX_HEADER}")
    unpacker = _unpacker(len(raw))
    unpacker.feed(raw)
    header = _unpack_with(unpacker)
    if unpacker.tell() != len(raw):
        raise DecodeError("header", f"{len(raw) - unpacker.tell()} bytes after the map")
    return header


def _message(header: dict[str, Any], body: memoryview) -> Message:
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


def _header_values(kind: type[Message], header: dict[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for item in fields(kind):
        if item.name in _IN_BODY:
            continue
        if item.name in header:
            values[item.name] = _value(item.name, header.pop(item.name))
        elif item.default is MISSING and item.default_factory is MISSING:
            raise DecodeError("missing_key", f"{kind.kind}.{item.name}")
    if header:
        raise DecodeError("unknown_key", f"{kind.kind}: {', '.join(sorted(header))[:200]}")
    return values


def _body_values(kind: type[Message], header: dict[str, Any], body: memoryview) -> dict[str, Any]:
    names = {item.name for item in fields(kind)}
    if "columns" in names:
        found = bodies.unpack(header.pop("columns", None), header.pop("shape", None), body)
        bodies.check_names(kind, tuple(found))
        return {"columns": found}
    if kind is Universe:
        return {"symbols": _read_symbols(body, header.get("universe"))}
    if len(body):
        raise DecodeError("body", f"{len(body)} bytes; {kind.kind} has none")
    return {}


def _read_symbols(body: memoryview, digest: Any) -> tuple[str, ...]:
    try:
        text = bytes(body).decode("ascii")
    except UnicodeDecodeError as error:
        raise DecodeError("body", f"symbols are not ASCII: {error}") from error
    symbols = tuple(text.split("\n")) if text else ()
    _check_symbols(symbols, digest)
    return symbols


def _check_body_size(size: int) -> None:
    if size > MAX_BODY:
        raise DecodeError("body_size", f"{size} bytes; the limit is {MAX_BODY}")


def _check_symbols(symbols: tuple[str, ...], digest: Any) -> None:
    if len(symbols) > bodies.MAX_SYMBOLS:
        raise DecodeError("body", f"{len(symbols)} symbols; the limit is {bodies.MAX_SYMBOLS}")
    if len(set(symbols)) != len(symbols):
        raise DecodeError("body", "a symbol stands twice")
    for symbol in symbols:
        if not (0 < len(symbol) <= MAX_SYMBOL and symbol.isascii() and symbol.isprintable() and " " not in symbol):
            raise DecodeError("body", f"symbol {symbol!r:.80} is not printable ASCII without spaces, at most 64 long")
    if digest != universe_digest(symbols):
        raise DecodeError("body", "the symbols are not those the digest names")


def _value(name: str, wire: Any) -> Any:
    try:
        return KEYS[name].load(wire)
    except (ValueError, TypeError) as error:
        raise DecodeError("value", f"{name}: {error}"[:300]) from error
