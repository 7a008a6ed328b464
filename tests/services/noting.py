"""The order of events: calls are told, and then carried out as ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def note(patch: pytest.MonkeyPatch, done: list[str], owner: object, name: str, word: Callable[..., str]) -> None:
    """From now on each call of `owner.name` stands in `done`, as the word for what it was given."""
    step = getattr(owner, name)

    def noted(*given: Any) -> Any:
        done.append(word(*given))
        return step(*given)

    patch.setattr(owner, name, noted)
