"""What the code says of the wire, in the form of the tables of docs/wire.md."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import Any

from alphabus import codec, columns
from alphabus.endpoints import SERVICES
from alphabus.errors import REFUSALS
from alphabus.messages import MESSAGES, Flag, Message, Mode, Phase, Reason, Status
from alphabus.schema import KEYS, VERSION
from tests.docs.pages import column, words

Rows = list[list[str]]
Compared = tuple[object, object]

BODY_KEYS = ("columns", "shape")
EVERY_HEADER = ("v", "kind", *codec.LINK_KEYS)
SAMPLES: dict[str, Any] = {
    "whole number": 1,
    "float": 0.5,
    "text": "x",
    "16 bytes": bytes(16),
    "32 bytes": bytes(32),
    "empty, or one of the reasons": "",
    "list of name, version, digest": ["name", 1, "0" * 64],
    "nil, or list of bar, time": [1, 1],
    "nil, or text": "x",
    "map of text to whole number": {"x": 1},
    "map of text to text": {"x": "x"},
    "map of text to text, whole number or bytes": {"x": b"x"},
}
ENUMS: dict[str, type[Enum]] = {"mode": Mode, "phase": Phase, "status": Status}


def limits(rows: Rows) -> Compared:
    """Sizes beyond which a message is refused."""
    true = [3, codec.MAX_TOPIC, codec.MAX_HEADER, codec.MAX_BODY, columns.MAX_COLUMNS, columns.MAX_SYMBOLS]
    return [int(row[1]) for row in rows], [*true, codec.MAX_SYMBOL]


def topics(rows: Rows) -> Compared:
    """Every kind travels on some topic, and no other does."""
    kinds = {kind for row in rows for kind in words(row[2])}
    return (kinds, {word for row in rows for word in words(row[1])} <= set(SERVICES)), (_kinds(), True)


def kinds(rows: Rows) -> Compared:
    """Every kind with its header keys in their order."""
    return {words(row[0])[0]: words(row[1]) for row in rows}, {kind.kind: _header(kind) for kind in MESSAGES}


def section_columns(rows: Rows) -> Compared:
    """What the bodies carry."""
    said = {words(row[0])[0]: words(row[1]) for row in rows}
    true = {"bars": columns.BAR_COLUMNS, "factors": columns.FACTOR_MARKS, "signals": columns.SIGNAL_COLUMNS}
    return said, {kind: list(names) for kind, names in true.items()}


def keys(rows: Rows) -> Compared:
    """The closed set of header keys; the type written beside a key is one that it loads."""
    said = dict(zip(column(rows), (row[1] for row in rows), strict=True))
    wrong = [name for name, kind in said.items() if name in KEYS and not _loads(name, kind)]
    return (set(said), len(rows), wrong, f": {VERSION}." in rows[0][2]), ({*KEYS, *BODY_KEYS}, len(said), [], True)


def statuses(rows: Rows) -> Compared:
    """Every status."""
    return column(rows), [status.value for status in Status]


def reasons(rows: Rows) -> Compared:
    """Every reason; each goes with a status there is."""
    said = {word for row in rows for word in words(row[1])}
    return (set(column(rows)), said <= set(Status)), ({*Reason} - {Reason.NONE}, True)


def flags(rows: Rows) -> Compared:
    """Every flag with its number."""
    return [(int(row[0]), words(row[1])[0]) for row in rows], [(flag.value, flag.name.lower()) for flag in Flag]


def refusals(rows: Rows) -> Compared:
    """Every reason to refuse a message, in the order in which they are looked for."""
    return column(rows), list(REFUSALS)


def _kinds() -> set[str]:
    return {kind.kind for kind in MESSAGES}


def _header(kind: type[Message]) -> list[str]:
    found: list[str] = []
    for item in fields(kind):
        found += BODY_KEYS if item.name == "columns" else [] if item.name == "symbols" else [item.name]
    return found


def _loads(name: str, kind: str) -> bool:
    if name in ENUMS:
        return words(kind) == [member.value for member in ENUMS[name]]
    return _takes(name, SAMPLES[kind]) and not any(
        _takes(name, other) for other in SAMPLES.values() if type(other) is not type(SAMPLES[kind])
    )


def _takes(name: str, value: Any) -> bool:
    try:
        KEYS[name].load(value)
    except (ValueError, TypeError):
        return False
    return True
