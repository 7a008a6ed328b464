"""What is not a message is refused with a reason, and never does harm: inputs B1 to B12."""

from __future__ import annotations

import resource
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabus.codec import MAX_BODY, MAX_HEADER, MAX_TOPIC, decode, decode_record, encode
from alphabus.columns import MAX_COLUMNS, MAX_SYMBOLS
from alphabus.errors import REFUSALS, DecodeError
from alphabus.messages import universe_digest
from alphabus.schema import VERSION
from tests.alphabus.examples import BARS, EXAMPLES, FACTORS, SIGNALS, UNIVERSE, delivery
from tests.alphabus.fuzz import fuzz

Frames = Sequence[bytes | memoryview]

TOPIC, HEADER, BODY = map(bytes, encode(delivery(SIGNALS)))
PLAIN_HEADER: dict[str, Any] = msgpack.unpackb(HEADER)


def header(**changes: Any) -> Frames:
    """A section of signals with other header values."""
    return TOPIC, msgpack.packb(PLAIN_HEADER | changes), BODY


def without(key: str) -> Frames:
    """A section of signals that lacks a key."""
    return TOPIC, msgpack.packb({k: v for k, v in PLAIN_HEADER.items() if k != key}), BODY


def raw(packed: bytes) -> Frames:
    """A section of signals with this for a header."""
    return TOPIC, packed, BODY


def extended(pair: bytes) -> Frames:
    """A section of signals whose header map holds one more packed pair."""
    count = len(PLAIN_HEADER) + 1
    return TOPIC, b"\xde" + count.to_bytes(2, "big") + HEADER[3:] + pair, BODY


def symbols(text: bytes) -> Frames:
    """A universe with this body and the digest of it."""
    topic, packed, _ = encode(delivery(UNIVERSE))
    names = tuple(text.decode("ascii", "replace").split("\n")) if text else ()
    digest = universe_digest(names) if text.isascii() else bytes(32)
    return topic, msgpack.packb(msgpack.unpackb(packed) | {"universe": digest}), text


def heartbeat(body: bytes = b"", **changes: Any) -> Frames:
    """A heartbeat with other header values, or with a body."""
    message = next(message for message in EXAMPLES.values() if message.kind == "heartbeat")
    topic, packed, _ = encode(delivery(message))
    return topic, msgpack.packb(msgpack.unpackb(packed) | changes), body


def other_columns(message: Any, *named: tuple[str, str]) -> Frames:
    """A section whose body is as announced, but of these columns."""
    topic, packed, _ = encode(delivery(message))
    size = sum(int(dtype[-1]) for _, dtype in named) * 3
    return topic, msgpack.packb(msgpack.unpackb(packed) | {"columns": [list(item) for item in named]}), bytes(size)


@dataclass(frozen=True, slots=True)
class Case:
    """An input, what it shows, and the reason it is refused for."""

    reason: str
    name: str
    frames: Frames


F8 = "<f8"
CASES = [
    Case("frames", "no frame", ()),
    Case("frames", "two frames", (TOPIC, HEADER)),
    Case("frames", "four frames", (TOPIC, HEADER, BODY, b"")),
    Case("topic", "empty", (b"", HEADER, BODY)),
    Case("topic", "no end", (b"t/signals", HEADER, BODY)),
    Case("topic", "over the limit", (b"t" * MAX_TOPIC + b"/", HEADER, BODY)),
    Case("topic", "look-alike letter", ("t/\u0430rm/".encode(), HEADER, BODY)),
    Case("topic", "NUL", (b"t/\x00/", HEADER, BODY)),
    Case("topic", "space", (b"t/a b/", HEADER, BODY)),
    Case("header_size", "1 MB that unpacks to 50 MB", raw(b"\xdd\x00\x10\x00\x00" + b"\x90" * 2**20)),
    Case("header_size", "one byte over the limit", raw(bytes(MAX_HEADER + 1))),
    Case("header", "empty", raw(b"")),
    Case("header", "truncated", raw(HEADER[:-1])),
    Case("header", "something after the map", raw(HEADER + b"\xc0")),
    Case("header", "no map", raw(msgpack.packb([1, 2]))),
    Case("header", "random bytes", raw(Random(1).randbytes(200))),  # noqa: S311  seeded, to be repeatable
    Case("header", "2^32 array header", raw(b"\xdd\xff\xff\xff\xff")),
    Case("header", "2^32 map header", raw(b"\xdf\xff\xff\xff\xff")),
    Case("header", "2^32 bytes header", raw(b"\xc6\xff\xff\xff\xff")),
    Case("header", "nesting bomb", raw(b"\x91" * MAX_HEADER)),
    Case("header", "nesting bomb of large arrays", raw(b"\xdc\x0f\xff" * (MAX_HEADER // 3))),
    Case("header", "nesting bomb of maps", raw(b"\x81\xa1a" * (MAX_HEADER // 3))),
    Case("header", "array over the limit", header(columns=[0] * (MAX_COLUMNS + 1))),
    Case("header", "ext type", extended(b"\xa1a" + msgpack.packb(msgpack.ExtType(5, b"x")))),
    Case("header", "empty ext type", extended(b"\xa1a\xc7\x00\x05")),
    Case("header", "timestamp", extended(b"\xa1a" + msgpack.packb(msgpack.Timestamp(1, 1)))),
    Case("header", "int key", extended(b"\x05\x05")),
    Case("header", "bytes key", extended(b"\xc4\x01a\x05")),
    Case("header", "list key", extended(b"\x91\x01\x05")),
    Case("header", "int key further down", heartbeat(counters={5: 5})),
    Case("header", "duplicate key", extended(b"\xa3bar\x05")),
    Case("header", "duplicate key further down", extended(b"\xa1a\x82\xa1b\x01\xa1b\x02")),
    Case("header", "invalid UTF-8", extended(b"\xa1a\xa2\xc3\x28")),
    Case("header", "surrogate", extended(b"\xa1a\xa3\xed\xa0\x80")),
    Case("version", "newer", header(v=VERSION + 1, brand_new_key=1)),
    Case("kind", "unknown", header(kind="orders")),
    Case("kind", "absent", without("kind")),
    Case("kind", "of another type", header(kind=[1])),
    Case("unknown_key", "beside the others", header(comment="")),
    Case("unknown_key", "of another kind", header(plan=bytes(32))),
    Case("unknown_key", "columns of a message without", heartbeat(columns=[["a", F8]])),
    Case("missing_key", "of the section", without("bar")),
    Case("value", "no version", without("v")),
    Case("value", "version that is a float", header(v=1.0)),
    Case("value", "version 0", header(v=0)),
    Case("value", "no epoch", without("epoch")),
    Case("value", "no seq", without("seq")),
    Case("value", "no sent", without("sent")),
    Case("value", "true for a number", header(bar=True)),
    Case("value", "float for a number", header(bar=1.0)),
    Case("value", "negative bar", header(bar=-1)),
    Case("value", "bar past int64", header(bar=2**63)),
    Case("value", "NaN", header(capital=float("nan"))),
    Case("value", "infinity", header(capital=float("inf"))),
    Case("value", "NaN further down", header(latency={"a": float("nan")})),
    Case("value", "share above 1", header(capital=1.5)),
    Case("value", "number for a float", header(capital=1)),
    Case("value", "unknown status", header(status="fresher")),
    Case("value", "unknown reason", header(reason="because")),
    Case("value", "mode that is a map", header(mode={})),
    Case("value", "text for bytes", header(journal="0123456789abcdef")),
    Case("value", "short journal", header(journal=bytes(15))),
    Case("value", "NUL in a text", header(arm="champion\x00")),
    Case("value", "look-alike letter in a text", header(arm="ch\u0430mpion")),
    Case("value", "long text", header(arm="a" * 65)),
    Case("value", "model of two", header(model=["a", 1])),
    Case("value", "short digest of a model", header(model=["a", 1, "ab"])),
    Case("value", "origin of three", header(computed_from=[1, 2, 3])),
    Case("value", "revision past the end of stream", header(revision=254)),
    Case("value", "list for a map", heartbeat(counters=[])),
    Case("value", "nested map of a map", heartbeat(counters={"a": {}})),
    Case("columns", "none announced", without("columns")),
    Case("columns", "no shape", without("shape")),
    Case("columns", "empty list", header(columns=[])),
    Case("columns", "wrong dtype", header(columns=[["signal", "<f4"], ["flag", "|u1"]])),
    Case("columns", "objects", header(columns=[["signal", "|O"], ["flag", "|u1"]])),
    Case("columns", "wrong byte order", header(columns=[["signal", ">f8"], ["flag", "|u1"]])),
    Case("columns", "dtype that is a list", header(columns=[["signal", [F8]], ["flag", "|u1"]])),
    Case("columns", "name that is bytes", header(columns=[[b"signal", F8], ["flag", "|u1"]])),
    Case("columns", "name with NUL", header(columns=[["signal\x00", F8], ["flag", "|u1"]])),
    Case("columns", "column of three", header(columns=[["signal", F8, 0], ["flag", "|u1"]])),
    Case("columns", "the same twice", header(columns=[["signal", F8], ["signal", F8]])),
    Case("columns", "u1 before f8", header(columns=[["flag", "|u1"], ["signal", F8]])),
    Case("columns", "shape of two", header(shape=[3, 1])),
    Case("columns", "negative shape", header(shape=[-3])),
    Case("columns", "shape that is true", header(shape=[True])),
    Case("columns", "shape over the limit", header(shape=[MAX_SYMBOLS + 1])),
    Case("columns", "shape of 2^62", header(shape=[2**62])),
    Case("columns", "bars without a close", other_columns(BARS, ("open", F8), ("member", "|u1"))),
    Case("columns", "factors without marks", other_columns(FACTORS, ("rank", F8))),
    Case("columns", "signals with more", other_columns(SIGNALS, ("signal", F8), ("extra", F8), ("flag", "|u1"))),
    Case("body", "one byte short", (TOPIC, HEADER, BODY[:-1])),
    Case("body", "one byte long", (TOPIC, HEADER, BODY + b"\x00")),
    Case("body", "empty", (TOPIC, HEADER, b"")),
    Case("body", "another shape", header(shape=[2])),
    Case("body", "of a message without", heartbeat(b"x")),
    Case("body", "symbols of another digest", (*encode(delivery(UNIVERSE))[:2], b"A\nB")),
    Case("body", "symbol twice", symbols(b"A\nA")),
    Case("body", "empty symbol", symbols(b"A\n\nB")),
    Case("body", "symbol with a space", symbols(b"A B")),
    Case("body", "symbol with NUL", symbols(b"A\x00")),
    Case("body", "look-alike symbol", symbols("\u0410APL".encode())),
    Case("body", "long symbol", symbols(b"A" * 65)),
    Case("body", "too many symbols", symbols("\n".join(map(str, range(MAX_SYMBOLS + 1))).encode())),
    Case("body_size", "over the limit", (TOPIC, HEADER, memoryview(bytes(MAX_BODY + 1)))),
]


CATALOGUE = {
    "B1": ("empty", "truncated", "random bytes"),
    "B2": ("no frame", "two frames", "four frames"),
    "B3": ("over the limit", "one byte over the limit"),
    "B4": ("2^32 array header", "2^32 map header", "2^32 bytes header"),
    "B5": ("nesting bomb", "nesting bomb of large arrays", "nesting bomb of maps"),
    "B6": ("1 MB that unpacks to 50 MB", "array over the limit"),
    "B7": ("ext type", "empty ext type", "timestamp"),
    "B8": ("int key", "duplicate key", "duplicate key further down"),
    "B9": ("invalid UTF-8", "NUL in a text", "look-alike symbol"),
    "B10": ("newer", "version 0"),
    "B11": ("wrong dtype", "wrong byte order", "objects"),
    "B12": ("one byte short", "one byte long", "another shape", "shape of 2^62"),
}


def test_every_kind_of_bad_bytes_has_its_cases() -> None:
    """The catalogue's numbers one to twelve; the others are tested where keys, prices and files are."""
    assert {name for names in CATALOGUE.values() for name in names} <= {case.name for case in CASES}


def test_every_reason_has_a_case() -> None:
    """A reason that no input is refused for is not tested."""
    assert {case.reason for case in CASES} == set(REFUSALS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.reason}: {case.name}")
def test_bad_input_is_refused_with_its_reason(case: Case) -> None:
    """Every bad input raises DecodeError with the reason it is counted under."""
    with pytest.raises(DecodeError) as refusal:
        decode(case.frames)
    assert refusal.value.reason == case.reason
    assert len(str(refusal.value)) < 500


def test_a_bomb_costs_little_memory() -> None:
    """An array header makes no room for more than a header can hold."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for case in CASES:
        if "bomb" in case.name or "2^32" in case.name:
            with pytest.raises(DecodeError):
                decode(case.frames)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 * 1024


def test_mutated_messages_are_refused_or_are_messages() -> None:
    """A hundred thousand broken messages: a DecodeError, or a message that encodes to an equal one; nothing else."""
    found = fuzz(100_000, seed=20_240_101)
    assert sum(found.values()) == 100_000
    assert found["accepted"] > 0
    assert set(found) <= {"accepted", *REFUSALS}
    assert {"header", "topic", "value", "columns", "body", "kind", "unknown_key", "missing_key"} <= set(found)


def test_the_same_seed_breaks_the_same_messages() -> None:
    """So that what one run finds another shows again."""
    assert fuzz(300, seed=5) == fuzz(300, seed=5) != fuzz(300, seed=6)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=64), max_size=5))
def test_random_bytes_are_refused(frames: list[bytes]) -> None:
    """No random bytes are a message, and none do harm."""
    with pytest.raises(DecodeError):
        decode(frames)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=200))
def test_random_records_are_refused(payload: bytes) -> None:
    """No random bytes are a journal record either."""
    with pytest.raises(DecodeError):
        decode_record(payload)
