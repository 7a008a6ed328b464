"""The header keys: for each one what it may hold and how it crosses the wire.

The set is closed. A new key raises `VERSION`, gets a default in its message class, and golden bytes of the old version
stay readable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from alphabus.messages import Mode, Model, Origin, Phase, Reason, Status

VERSION = 1

Load = Callable[[Any], Any]

_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class Key:
    """`load` checks and builds a value from the wire; `dump` is its inverse, and refuses what `load` would.

    ValueError says what is wrong.
    """

    load: Load
    dump: Load


def _whole(low: int = 0, high: int = _INT64) -> Load:
    def load(value: Any) -> int:
        if type(value) is not int or not low <= value < high:
            raise ValueError(f"{value!r:.60} is not a whole number in [{low}, {high})")
        return value

    return load


def _real(low: float, high: float) -> Load:
    def load(value: Any) -> float:
        if type(value) is not float or not low <= value <= high:
            raise ValueError(f"{value!r:.60} is not a float in [{low}, {high}]")
        return value

    return load


def _binary(size: int) -> Load:
    def load(value: Any) -> bytes:
        if type(value) is not bytes or len(value) != size:
            raise ValueError(f"{value!r:.60} is not {size} bytes")
        return value

    return load


def _text(longest: int = 256) -> Load:
    def load(value: Any) -> str:
        if type(value) is not str or len(value) > longest or not (value.isascii() and value.isprintable()):
            raise ValueError(f"{value!r:.60} is not printable ASCII of at most {longest} characters")
        return value

    return load


def _optional(inner: Load) -> Load:
    return lambda value: None if value is None else inner(value)


def _mapping(inner: Load) -> Load:
    name = _text()

    def load(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise ValueError(f"{value!r:.60} is not a map")
        return {name(key): inner(item) for key, item in value.items()}

    return load


def _row(kind: Callable[..., Any], *inner: Load) -> Load:
    def load(value: Any) -> Any:
        if type(value) is not list or len(value) != len(inner):
            raise ValueError(f"{value!r:.60} is not a list of {len(inner)}")
        return kind(*(check(item) for check, item in zip(inner, value, strict=True)))

    return load


def _scalar(value: Any) -> int | str | bytes:
    if type(value) not in (int, str, bytes):
        raise ValueError(f"{value!r:.60} is neither a whole number, a text nor bytes")
    result: int | str | bytes = value
    return result


def _plain(load: Load) -> Key:
    """What crosses the wire as it is."""
    return Key(load, load)


def _built(load: Load, wire: Load) -> Key:
    """What crosses it as `wire` makes it."""

    def dump(value: Any) -> Any:
        told = wire(value)
        load(told)
        return told

    return Key(load, dump)


def _enum(kind: type[StrEnum]) -> Key:
    known: Mapping[Any, StrEnum] = {member.value: member for member in kind}

    def load(value: Any) -> StrEnum:
        found = known.get(value) if type(value) is str else None
        if found is None:
            raise ValueError(f"{value!r:.60} is not a valid {kind.__name__}")
        return found

    return _built(load, str)


def _map_key(inner: Load) -> Key:
    load = _mapping(inner)
    return Key(load, lambda value: load(dict(value)))


def _digest(value: Any) -> str:
    text = _text(64)(value)
    if len(text) not in (0, 64):
        raise ValueError(f"{value!r:.60} is not 64 hex digits")
    return str(text)


KEYS: Mapping[str, Key] = {
    "age": _plain(_whole()),
    "arguments": _map_key(_scalar),
    "arm": _plain(_text(64)),
    "bar": _plain(_whole()),
    "capital": _plain(_real(0.0, 1.0)),
    "computed_from": _built(
        _optional(_row(Origin, _whole(), _whole(-_INT64))),
        lambda origin: None if origin is None else [origin.bar, origin.time],
    ),
    "consumer": _plain(_text(64)),
    "count": _plain(_whole(high=2**31)),
    "counters": _map_key(_whole(-_INT64)),
    "coverage": _plain(_real(0.0, 1.0)),
    "detail": _map_key(_text(4096)),
    "due_in_ns": _plain(_whole()),
    "durable": _plain(_whole()),
    "epoch": _plain(_whole()),
    "error": _plain(_optional(_text(4096))),
    "event": _plain(_text(64)),
    "expected": _plain(_whole(high=2**31)),
    "id": _plain(_whole()),
    "journal": _plain(_binary(16)),
    "kind": _plain(_text(16)),
    "latency": _map_key(_whole()),
    "level": _plain(_text(16)),
    "mode": _enum(Mode),
    "model": _built(
        _row(Model, _text(64), _whole(high=2**31), _digest), lambda model: [model.name, model.version, model.digest]
    ),
    "next": _map_key(_whole()),
    "phase": _enum(Phase),
    "pid": _plain(_whole()),
    "plan": _plain(_binary(32)),
    "reason": _enum(Reason),
    "revision": _plain(_whole(high=255 - 1)),
    "sent": _plain(_whole(-_INT64)),
    "seq": _plain(_whole()),
    "service": _plain(_text(64)),
    "stamp": _plain(_whole(-_INT64)),
    "status": _enum(Status),
    "time": _plain(_whole(-_INT64)),
    "topic": _plain(_text()),
    "universe": _plain(_binary(32)),
    "v": _plain(_whole(low=1)),
    "verb": _plain(_text(32)),
}
