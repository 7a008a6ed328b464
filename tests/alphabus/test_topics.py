"""A topic is read as it was written, and what is none is refused each time."""

from __future__ import annotations

import pytest

from alphabus.errors import DecodeError, EncodeError
from alphabus.topics import MAX_TOPIC, pack, unpack

UNSOUND = ["", "a", "a b/", "a\x00/", "a\x7f/", "b\u00f6rse/", "\ud800/", "a" * MAX_TOPIC + "/"]


@pytest.mark.parametrize("topic", ["/", "sp500/bars/", "a" * (MAX_TOPIC - 1) + "/"])
def test_a_topic_comes_back(topic: str) -> None:
    """As ASCII, and as the same text; the second time, too."""
    for _ in range(2):
        assert pack(topic) == topic.encode("ascii")
        assert unpack(pack(topic)) == topic


@pytest.mark.parametrize("topic", UNSOUND)
def test_what_is_no_topic_is_refused_each_time(topic: str) -> None:
    """Nothing of it is remembered, on neither side."""
    for _ in range(2):
        with pytest.raises(EncodeError):
            pack(topic)
        with pytest.raises(DecodeError):
            unpack(topic.encode("utf-8", "surrogatepass"))
