"""What each kind of message tells in its header, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Final, Self

from alphabus.header import PACKED
from alphabus.messages import MESSAGES, Message

_IN_BODY: Final = (PACKED, "symbols")


@dataclass(frozen=True, slots=True)
class Form:
    """The header keys of a kind, in the order of its fields: those before its columns (or symbols), then the others."""

    kind: type[Message]
    before: tuple[str, ...]
    after: tuple[str, ...]
    names: tuple[str, ...]
    """Both."""
    known: frozenset[str]
    needed: frozenset[str]
    """What has no default."""
    has_columns: bool

    @classmethod
    def of(cls, kind: type[Message]) -> Self:
        """Read from the class."""
        names = [item.name for item in fields(kind)]
        place = next((names.index(name) for name in _IN_BODY if name in names), len(names))
        optional = {item.name for item in fields(kind) if (item.default, item.default_factory) != (MISSING, MISSING)}
        before, after = tuple(names[:place]), tuple(names[place + 1 :])
        known = frozenset(before + after)
        return cls(kind, before, after, before + after, known, known - optional, PACKED in names)


FORMS: Mapping[type[Message], Form] = {kind: Form.of(kind) for kind in MESSAGES}
NAMED: Mapping[str, Form] = {kind.kind: form for kind, form in FORMS.items()}
