"""What the header keys let onto the wire is what they take from it."""

from __future__ import annotations

from typing import Any

import msgpack
import pytest

from alphabus.schema import KEYS
from tests.alphabus.examples import EXAMPLES
from tests.alphabus.fuzz import ODD

VALUES: dict[str, list[Any]] = {
    name: [getattr(message, name) for message in EXAMPLES.values() if hasattr(message, name)] for name in KEYS
}


@pytest.mark.parametrize("name", KEYS)
def test_a_value_comes_back_from_the_wire(name: str) -> None:
    """Equal, and of the same type: an enum's member, a tuple of its own class."""
    for value in VALUES[name]:
        read = KEYS[name].load(msgpack.unpackb(msgpack.packb(KEYS[name].dump(value))))
        assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("name", KEYS)
def test_nothing_is_dumped_that_would_not_be_loaded(name: str) -> None:
    """Whatever is handed in is refused at once, or can be read back."""
    for odd in (*ODD, *(value for values in VALUES.values() for value in values)):
        try:
            wire = KEYS[name].dump(odd)
        except (ValueError, TypeError, AttributeError):
            continue
        KEYS[name].load(wire)
