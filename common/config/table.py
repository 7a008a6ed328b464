"""A table of a configuration, and names in it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from alphabus.endpoints import INSTANCE


def _name(value: str) -> str:
    if not INSTANCE.fullmatch(value):
        raise ValueError(f"a name that matches {INSTANCE.pattern}")
    return value


Name = Annotated[str, AfterValidator(_name)]


class Table(BaseModel):
    """Frozen, and without keys that nobody knows."""

    model_config = ConfigDict(frozen=True, extra="forbid")
