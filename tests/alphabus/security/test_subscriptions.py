"""Counting subscriptions by key: never more than there are, and one too many is noticed."""

from __future__ import annotations

from alphabus.security.subscriptions import MAX_SUBSCRIPTIONS, Subscriptions


def test_one_too_many_is_noticed() -> None:
    """Of one key; another's are its own."""
    held = Subscriptions()
    assert all(held.add("a", b"%d" % number) for number in range(MAX_SUBSCRIPTIONS))
    assert not held.add("a", b"more")
    assert held.add("b", b"more")


def test_what_is_given_back_does_not_count() -> None:
    """Whether a peer unsubscribes, or its connection ends and ZeroMQ says only the topic."""
    held = Subscriptions()
    for _ in range(3 * MAX_SUBSCRIPTIONS):
        assert held.add("a", b"topic")
        held.remove("a", b"topic")
        assert held.add("a", b"topic")
        held.remove(None, b"topic")
    assert (held._by_key, held._by_topic) == ({}, {})


def test_what_nobody_holds_cannot_be_given_back() -> None:
    """Such a message changes nothing."""
    held = Subscriptions()
    held.add("a", b"topic")
    held.remove(None, b"other")
    assert held._by_key == {"a": 1}
