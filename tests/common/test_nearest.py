"""What an error text proposes for a name that is not there."""

import pytest

from common.nearest import SHOWN, did_you_mean

MANY = [f"name_{letter}" for letter in "qwertyuiopasdfgh"]


@pytest.mark.parametrize(
    ("name", "known", "listed", "expected"),
    [
        ("clsoe", ("open", "close"), (), "; did you mean 'close'?"),
        ("wibble", ("open", "close"), (), "; there is close, open"),
        ("wibble", ("open", "close", "log"), ("open", "close"), "; there is open, close"),
        ("opne", ("open", "close"), ("close",), "; did you mean 'open'?"),
        ("wibble", (), (), ""),
        ("wibble", {"b", "a", "c"}, (), "; there is a, b, c"),
        ("zzz", MANY, (), f"; there is {', '.join(sorted(MANY)[:SHOWN])} ... and {len(MANY) - SHOWN} more"),
        ("CLSOE", ["close", "Clone"], (), "; did you mean 'close'?"),
    ],
)
def test_what_is_proposed(name: str, known: tuple[str, ...], listed: tuple[str, ...], expected: str) -> None:
    """The closest, else what there is: never too many, always in the same order, and nothing where there is nothing."""
    assert did_you_mean(name, known, listed) == expected
