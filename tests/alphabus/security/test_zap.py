"""What ZeroMQ asks about a peer, and what it is told; whatever is not well-formed is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zmq.utils import z85

from alphabus.security.zap import Knock, answer

KEY = bytes(range(32))
PUBLIC = z85.encode(KEY).decode()
GOOD = [b"id", b"", b"1.0", b"7", b"t", b"10.0.0.9", b"", b"CURVE", KEY]


def welcome(_knock: Knock) -> str | None:
    """Whoever has a key."""
    return None


def test_a_peer_with_a_key_is_judged_by_it() -> None:
    """And known by it from then on."""
    knocks: list[Knock] = []
    assert answer(GOOD, knocks.append) == [
        b"id", b"", b"1.0", b"7", b"200", b"OK", PUBLIC.encode(), b"",
    ]  # fmt: skip
    assert knocks == [Knock("t", "10.0.0.9", PUBLIC)]


def test_a_refused_peer_has_no_name() -> None:
    """And is told why."""
    assert answer(GOOD, lambda _: "banned")[2:] == [b"1.0", b"7", b"400", b"banned", b"", b""]


BAD = {
    "no mechanism": [*GOOD[:7], b"NULL"],
    "a password": [*GOOD[:7], b"PLAIN", b"admin", b"admin"],
    "another version": [*GOOD[:2], b"2.0", *GOOD[3:]],
    "half a key": [*GOOD[:8], KEY[:31]],
    "two keys": [*GOOD, KEY],
    "nothing": [b"id", b""],
    "no envelope": GOOD[2:3],
}


@pytest.mark.parametrize("frames", BAD.values(), ids=BAD)
def test_anything_else_is_refused(frames: list[bytes]) -> None:
    """However welcoming the judge."""
    assert b"200" not in answer(frames, welcome)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.binary(max_size=40), max_size=12))
def test_no_bytes_do_harm(frames: list[bytes]) -> None:
    """There is always an answer, and it lets nobody in."""
    assert answer(frames, welcome)[-4:-2] == [b"400", b"not CURVE"]
