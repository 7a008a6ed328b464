"""Packets between parent and child: every message survives, nothing else is read."""

from typing import get_args

import msgpack
import pytest

from services.inference_worker.executor.exchange import (
    Failed,
    Message,
    Ready,
    Request,
    Scored,
    decode_message,
    encode_message,
)

_EXAMPLES = (
    Request(1, 2, 3, 4),
    Scored(1, 4),
    Ready("demo", "lightgbm", "0" * 64, ("a", "b")),
    Failed(0, "load", "no such folder"),
)


def test_there_is_an_example_of_each() -> None:
    """A new message without its example fails here."""
    assert {type(example) for example in _EXAMPLES} == set(get_args(Message))


@pytest.mark.parametrize("message", _EXAMPLES, ids=lambda message: type(message).__name__)
def test_a_message_survives_its_packet(message: Message) -> None:
    """What is encoded is decoded."""
    assert decode_message(encode_message(message)) == message


@pytest.mark.parametrize("message", _EXAMPLES, ids=lambda message: type(message).__name__)
def test_a_cut_packet_is_refused(message: Message) -> None:
    """At every byte."""
    body = encode_message(message)
    for length in range(len(body)):
        with pytest.raises(ValueError, match="not a message"):
            decode_message(body[:length])


@pytest.mark.parametrize(
    "content",
    [
        None,
        1,
        [],
        ["scored"],
        ["scored", 1],
        ["bogus", {}],
        [1, {"id": 1}],
        ["scored", {"id": 1}],
        ["scored", {"id": 1, "symbols": 2, "more": 3}],
        ["scored", {"id": "1", "symbols": 2}],
        ["scored", {"id": True, "symbols": 2}],
        ["scored", {"id": 1.0, "symbols": 2}],
        ["ready", {"model": "a", "kind": "b", "digest": "c", "features": [1]}],
        ["failed", {"id": 1, "cause": "boredom", "reason": ""}],
        ["scored", {1: 1}],
        ["scored", {"id": msgpack.ExtType(1, b"x"), "symbols": 2}],
    ],
)
def test_anything_else_is_refused(content: object) -> None:
    """Unknown names, keys too few or too many, other types."""
    with pytest.raises(ValueError, match="not a message"):
        decode_message(msgpack.packb(content))
