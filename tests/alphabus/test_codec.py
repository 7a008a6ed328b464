"""Every kind of message crosses the wire unchanged, to the bit, and without a copy of its columns."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabus.codec import (
    LINK_KEYS,
    MAX_BODY,
    Frames,
    decode,
    decode_record,
    encode,
    encode_record,
)
from alphabus.columns import FACTOR_MARKS, MAX_SYMBOLS, stack
from alphabus.errors import DecodeError, EncodeError
from alphabus.messages import MESSAGES, STREAMED, Delivery, Message, Request, Streamed
from alphabus.schema import KEYS, VERSION
from tests.alphabus.examples import (
    BARS,
    EXAMPLES,
    FACTORS,
    SIGNALS,
    UNIVERSE,
    VALUES,
    deliveries,
    delivery,
    f8,
    messages,
    plain,
    u1,
)

GOLDEN = Path(__file__).parent / "golden"
KINDS = [pytest.param(kind, id=kind.kind) for kind in MESSAGES]
RECORDED = [pytest.param(kind, id=kind.kind) for kind in STREAMED]


def repacked(frames: Frames, **header: Any) -> Frames:
    """The frames with other header values; a None takes the key away."""
    values = msgpack.unpackb(frames[1]) | header
    return frames[0], msgpack.packb({k: v for k, v in values.items() if v is not None}), frames[2]


def golden(version: int) -> dict[str, list[str]]:
    """Topic, header and body (hex) of every kind, as that version wrote them."""
    table: dict[str, list[str]] = json.loads((GOLDEN / f"v{version}.json").read_text())
    return table


def test_every_kind_has_an_example() -> None:
    """A kind of message without an example is not tested."""
    assert set(EXAMPLES) == set(MESSAGES)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data())
def test_what_is_encoded_is_decoded(kind: type[Message], data: st.DataObject) -> None:
    """Any message of any kind comes back equal to the bit."""
    sent = data.draw(deliveries(kind))
    try:
        frames = encode(sent)
    except EncodeError:  # only text that the schema refuses may be refused here
        assert not all(text.isascii() and text.isprintable() for text in texts(sent))
        return
    assert plain(decode(frames)) == plain(sent)


def texts(sent: Delivery) -> list[str]:
    """All free texts of a request's arguments."""
    return [value for value in getattr(sent.message, "arguments", {}).values() if isinstance(value, str)]


@pytest.mark.parametrize("kind", RECORDED)
@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.data())
def test_what_is_recorded_is_read_again(kind: type[Streamed], data: st.DataObject) -> None:
    """A journal payload holds the whole message, without what belongs to a link."""
    message = data.draw(messages(kind))
    assert isinstance(message, STREAMED)
    payload = encode_record(message)
    assert plain(decode_record(payload)) == plain(message)
    unpacker = msgpack.Unpacker(strict_map_key=True)
    unpacker.feed(payload)
    assert not set(LINK_KEYS) & set(unpacker.unpack())


@pytest.mark.parametrize("kind", KINDS)
def test_the_wire_does_not_change(kind: type[Message]) -> None:
    """The bytes of every kind are those on file: a change of the wire is a new schema version."""
    frames = encode(delivery(EXAMPLES[kind]))
    assert [frame.hex() for frame in frames] == golden(VERSION)[kind.kind]


@pytest.mark.parametrize("version", range(1, VERSION + 1))
def test_every_version_stays_readable(version: int) -> None:
    """What any version so far wrote is still read, missing keys taking their defaults."""
    table = golden(version)
    read = {kind: decode([bytes.fromhex(frame) for frame in frames]) for kind, frames in table.items()}
    assert {kind: found.message.kind for kind, found in read.items()} == {kind: kind for kind in table}


@pytest.mark.parametrize("kind", KINDS)
def test_missing_keys_take_their_defaults(kind: type[Message]) -> None:
    """A key with a default may be absent, as in a message of an older version."""
    frames = encode(delivery(EXAMPLES[kind]))
    defaults = {f.name: None for f in fields(kind) if (f.default, f.default_factory) != (MISSING, MISSING)}
    message = decode(repacked(frames, **defaults)).message
    bare = {f.name: getattr(EXAMPLES[kind], f.name) for f in fields(kind) if f.name not in defaults}
    assert plain(message) == plain(kind(**bare))


def test_every_field_has_a_key_and_every_key_is_used() -> None:
    """The header's closed set is exactly what messages and links carry."""
    carried = {item.name for kind in MESSAGES for item in fields(kind)} - {"columns", "symbols"}
    assert carried | set(LINK_KEYS) | {"v", "kind"} == set(KEYS)
    assert set(VALUES) == set(KEYS) - {"v", "kind"}


def test_kinds_are_told_apart_by_name() -> None:
    """No two classes share a kind."""
    assert len({kind.kind for kind in MESSAGES}) == len(MESSAGES)


@pytest.mark.parametrize("message", [BARS, FACTORS, SIGNALS], ids=lambda message: message.kind)
def test_columns_are_views_into_the_frame(message: Streamed) -> None:
    """Decoding copies no column, and nobody can write through one."""
    frames = encode(delivery(message))
    body = np.frombuffer(frames[2], np.uint8)
    for column in decode(frames).message.columns.values():  # type: ignore[union-attr]
        assert np.shares_memory(column, body)
        assert not column.flags.writeable


def test_a_column_of_a_writable_buffer_is_read_only_too() -> None:
    """Even when the frame's memory is writable, a column is not."""
    frames = encode(delivery(SIGNALS))
    message = decode([*frames[:2], memoryview(bytearray(frames[2]))]).message
    with pytest.raises(ValueError, match="read-only"):
        message.values[0] = 1.0  # type: ignore[union-attr]


def test_stacked_columns_are_one_matrix() -> None:
    """`stack` makes [F, S] in the order asked for."""
    assert stack(BARS.columns, ["close", "open"])[:, :2].tolist() == [[1.25, 2.25], [1.0, 2.0]]


UNREADABLE: dict[str, Delivery] = {
    "topic without an end": replace(delivery(SIGNALS), topic="signals"),
    "topic that is not ASCII": replace(delivery(SIGNALS), topic="b\u00f6rse/"),
    "negative epoch": replace(delivery(SIGNALS), epoch=-1),
    "seq of another type": replace(delivery(SIGNALS), seq=1.0),  # type: ignore[arg-type]
    "sent past int64": replace(delivery(SIGNALS), sent=2**63),
    "NaN in the header": delivery(replace(SIGNALS, capital=float("nan"))),
    "numpy number in the header": delivery(replace(SIGNALS, bar=np.int64(7))),  # type: ignore[arg-type]
    "short journal": delivery(replace(SIGNALS, journal=b"")),
    "revision past the end of stream": delivery(replace(SIGNALS, revision=254)),
    "text that is not ASCII": delivery(replace(SIGNALS, arm="\u0430rm")),
    "model that is none": delivery(replace(SIGNALS, model=("alpha", 1, ""))),  # type: ignore[arg-type]
    "argument past 64 bits": delivery(Request(1, "latest", {"bar": 2**64})),
    "argument that is no text": delivery(Request(1, "latest", {"arm": "\ud800"})),
    "other columns": delivery(replace(SIGNALS, columns={"value": f8(1.0), "flag": u1(0)})),
    "no columns": delivery(replace(SIGNALS, columns={})),
    "columns of two lengths": delivery(replace(SIGNALS, columns={"signal": f8(1.0), "flag": u1(0, 0)})),
    "matrix": delivery(replace(SIGNALS, columns={"signal": f8(1.0).reshape(1, 1), "flag": u1(0).reshape(1, 1)})),
    "big-endian column": delivery(replace(SIGNALS, columns={"signal": f8(1.0).astype(">f8"), "flag": u1(0)})),
    "single precision": delivery(replace(SIGNALS, columns={"signal": f8(1.0).astype("<f4"), "flag": u1(0)})),
    "symbol with a newline": delivery(replace(UNIVERSE, symbols=("A\nB",))),
    "symbols of another digest": delivery(replace(UNIVERSE, symbols=("A",))),
    "header over the limit": delivery(replace(SIGNALS, latency={f"stage_{i}": i for i in range(9_000)})),
    "body over the limit": delivery(
        replace(
            FACTORS,
            columns=dict.fromkeys([f"f{i}" for i in range(MAX_BODY // MAX_SYMBOLS // 8)], np.zeros(MAX_SYMBOLS))
            | dict.fromkeys(FACTOR_MARKS, np.zeros(MAX_SYMBOLS, np.uint8)),
        )
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_could_not_be_read_back_is_not_sent(name: str) -> None:
    """Encoding refuses, as an EncodeError, every message that decoding would refuse."""
    with pytest.raises(EncodeError):
        encode(UNREADABLE[name])


def test_a_message_that_is_never_on_record_is_refused_there() -> None:
    """A heartbeat in a journal is not a section."""
    frames = encode(delivery(next(message for kind, message in EXAMPLES.items() if kind.kind == "heartbeat")))
    payload = repacked(frames, **dict.fromkeys(LINK_KEYS))[1]
    with pytest.raises(DecodeError, match="never on record"):
        decode_record(payload)
