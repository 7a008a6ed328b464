"""The error tree is drawn at the top of its module, and complete."""

from __future__ import annotations

import inspect

from alphabus import errors
from alphabus.errors import AlphabusError


def test_every_error_is_in_the_drawing() -> None:
    """And every one has the one root."""
    found = {name: kind for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)}
    assert all(issubclass(kind, AlphabusError) for kind in found.values())
    assert [name for name in found if name not in (errors.__doc__ or "")] == []


def test_reasons_are_different_words() -> None:
    """Counters are filed under them."""
    assert len(set(errors.REFUSALS)) == len(errors.REFUSALS)
    assert all(reason.isidentifier() for reason in errors.REFUSALS)
