"""Section <-> frames: the only place where bytes become messages.

A message is three frames: topic, header (one msgpack map with a closed set of keys), body (raw columns; for a universe
the symbols joined by newlines). Everything is checked before it is believed; a refusal is a DecodeError whose `reason`
is the counter it is filed under.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from alphabus import columns as bodies
from alphabus import header as headers
from alphabus import symbols as lists
from alphabus import topics
from alphabus.errors import DecodeError, EncodeError
from alphabus.forms import FORMS, NAMED, Form
from alphabus.header import MAX_HEADER, PACKED, Header, Pairs
from alphabus.layout import Layout
from alphabus.messages import STREAMED, Bars, Delivery, Factors, Message, Signals, Streamed, Universe
from alphabus.schema import KEYS, VERSION
from alphabus.symbols import MAX_SYMBOL
from alphabus.topics import MAX_TOPIC

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

MAX_BODY: Final = 256 * 1024 * 1024

LINK_KEYS: Final = ("epoch", "seq", "sent")
SECTIONS: Final = (Bars, Factors, Signals)

Frames = tuple[bytes, bytes, bytes | memoryview]
"""Topic, header, body; a large body is the sender's own memory."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a message says, for a link and for the record alike: the header up to its columns, the rest, the body."""

    front: Pairs
    rest: Mapping[str, Any]
    body: bytes | memoryview


def encode(delivery: Delivery, content: Content | None = None) -> Frames:
    """The three frames of a delivery; raises EncodeError for a message that could not be read back.

    `content` is the message's own, where it was made already.
    """
    topic = topics.pack(delivery.topic)
    content = content or content_of(delivery.message)
    rest = _told("delivery", delivery, LINK_KEYS, {**content.rest})
    return topic, headers.pack(content.front, rest), content.body


def decode(frames: Sequence[bytes | memoryview]) -> Delivery:
    """The delivery in these frames, its columns as read-only views into the body; raises DecodeError."""
    if len(frames) != 3:
        raise DecodeError("frames", f"{len(frames)} where a message has 3")
    topic = topics.unpack(bytes(frames[0]))
    header = headers.unpack(frames[1])
    link = _taken(LINK_KEYS, header)
    return Delivery(topic=topic, message=_message(header, memoryview(frames[2])), **link)


def encode_record(message: Streamed, content: Content | None = None) -> bytes:
    """The payload of a journal record: the header map without what belongs to a link, then the body."""
    content = content or content_of(message)
    return b"".join((headers.pack(content.front, content.rest), content.body))


def decode_record(payload: bytes) -> Streamed:
    """The message of a journal record; raises DecodeError."""
    header, size = headers.unpack_first(payload)
    message = _message(header, memoryview(payload)[size:])
    if not isinstance(message, STREAMED):
        raise DecodeError("kind", f"{message.kind!r} is never on record")
    return message


def content_of(message: Message) -> Content:
    """What does not depend on the link; raises EncodeError for a message that could not be read back."""
    form = FORMS[type(message)]
    told = _told(message.kind, message, form.before, {"v": VERSION, "kind": message.kind})
    if isinstance(message, SECTIONS):
        layout, size = _arranged(message)
        rest = _told(message.kind, message, form.after, {"shape": [size]})
        return Content(headers.pack_front(told, layout.packed), rest, bodies.pack(message.columns))
    if isinstance(message, Universe):
        _guard(lists.check, message.symbols, message.universe)
        return Content(headers.NOTHING, told, lists.pack(message.symbols))
    return Content(headers.NOTHING, told, b"")


def _told(what: str, teller: Delivery | Message, names: Sequence[str], told: Header) -> Header:
    """What is told already, then these fields, each as its reader will take it."""
    name = ""
    try:
        for name in names:
            told[name] = KEYS[name].dump(getattr(teller, name))
    except (ValueError, TypeError, AttributeError) as error:
        raise EncodeError(f"{what}.{name}: {error}") from error
    return told


def _arranged(message: Bars | Factors | Signals) -> tuple[Layout, int]:
    layout, size = bodies.arrange(message.columns)
    _guard(bodies.check_names, type(message), layout.names)
    _guard(_check_body_size, layout.width * size)
    return layout, size


def _guard(check: Callable[..., object], *arguments: Any) -> None:
    try:
        check(*arguments)
    except DecodeError as error:
        raise EncodeError(str(error)) from error


def _message(header: Header, body: memoryview) -> Message:
    version = _taken(("v",), header)["v"]
    if version > VERSION:
        raise DecodeError("version", f"schema {version}; this reader knows up to {VERSION}: update it")
    name = header.pop("kind", None)
    form = NAMED.get(name) if type(name) is str else None
    if form is None:
        raise DecodeError("kind", f"{name!r:.60}")
    _check_body_size(len(body))
    carried = _body_values(form, header, body)
    return form.kind(**carried, **_taken(_names(form, header), header))


def _names(form: Form, header: Header) -> Sequence[str]:
    """Which of its keys a header has; raises DecodeError where it needs others, or has others."""
    if header.keys() == form.known:
        return form.names
    if not header.keys() >= form.needed:
        missing = next(name for name in form.names if name in form.needed and name not in header)
        raise DecodeError("missing_key", f"{form.kind.kind}.{missing}")
    if not header.keys() <= form.known:
        unknown = sorted(header.keys() - form.known)
        raise DecodeError("unknown_key", f"{form.kind.kind}: {', '.join(unknown)[:200]}")
    return [name for name in form.names if name in header]


def _body_values(form: Form, header: Header, body: memoryview) -> dict[str, Any]:
    if form.has_columns:
        found = bodies.unpack(header.pop(PACKED, None), header.pop("shape", None), body)
        bodies.check_names(form.kind, found.layout.names)
        return {PACKED: found}
    if form.kind is Universe:
        return {"symbols": lists.unpack(body, header.get("universe"))}
    if len(body):
        raise DecodeError("body", f"{len(body)} bytes; {form.kind.kind} has none")
    return {}


def _check_body_size(size: int) -> None:
    if size > MAX_BODY:
        raise DecodeError("body_size", f"{size} bytes; the limit is {MAX_BODY}")


def _taken(names: Sequence[str], header: Header) -> Header:
    """Out of the header, and from the wire."""
    taken: Header = {}
    name = ""
    try:
        for name in names:  # ours, not those that were read: only these are found by identity
            taken[name] = KEYS[name].load(header.pop(name, None))
    except (ValueError, TypeError) as error:
        raise DecodeError("value", f"{name}: {error}"[:300]) from error
    return taken
