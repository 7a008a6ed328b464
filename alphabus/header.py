"""The header of a message: one msgpack map, read defensively (pure)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgpack

from alphabus.errors import DecodeError, EncodeError

MAX_HEADER: Final = 64 * 1024
MAX_ITEMS: Final = 4096
"""Of a map or a list: room is made for what they announce, before it is there."""

PACKED: Final = "columns"
"""The key whose value is left as it stands in the map: a long list, and the same one from section to section."""

Header = dict[str, Any]

_SHORT = 15  # pairs that a map's first byte can announce; above, two more say how many


@dataclass(frozen=True, slots=True)
class Pairs:
    """So many keys and values as they stand in a map, one after another."""

    count: int
    packed: bytes


NOTHING: Final = Pairs(0, b"")


def pack_value(value: Any) -> bytes:
    """One value as it stands in a map; raises EncodeError for one that msgpack has no room for."""
    try:
        packed: bytes = msgpack.packb(value, use_bin_type=True)
    except (ValueError, TypeError, OverflowError) as error:
        raise EncodeError(f"a header cannot hold {value!r:.200}: {error}") from error
    return packed


_COLUMNS_KEY = pack_value(PACKED)


def pack_front(values: Mapping[str, Any], columns: bytes) -> Pairs:
    """The pairs of a map, then the columns, packed already."""
    return Pairs(len(values) + 1, b"".join((_pairs_of(values), _COLUMNS_KEY, columns)))


def pack(front: Pairs, rest: Mapping[str, Any]) -> bytes:
    """The map of all these pairs as bytes; raises EncodeError for one over the limit."""
    count = front.count + len(rest)
    packed = b"".join((_announced(count), front.packed, _pairs_of(rest)))
    if len(packed) > MAX_HEADER:
        raise EncodeError(f"a header of {len(packed)} bytes; the limit is {MAX_HEADER}")
    return packed


def _announced(count: int) -> bytes:
    """How a map of so many pairs begins."""
    return bytes([0x80 | count]) if count <= _SHORT else b"\xde" + count.to_bytes(2, "big")


def _pairs_of(values: Mapping[str, Any]) -> bytes:
    return pack_value(values)[len(_announced(len(values))) :]


def unpack(frame: bytes | memoryview) -> Header:
    """The map that is all of a frame, the value of `PACKED` as its bytes; raises DecodeError."""
    if len(frame) > MAX_HEADER:
        raise DecodeError("header_size", f"{len(frame)} bytes; the limit is {MAX_HEADER}")
    header, size = unpack_first(frame)
    if size != len(frame):
        raise DecodeError("header", f"{len(frame) - size} bytes after the map")
    return header


def unpack_first(payload: bytes | memoryview) -> tuple[Header, int]:
    """The map at the beginning, as `unpack` reads it, and where it ends; raises DecodeError."""
    front = bytes(payload[:MAX_HEADER])
    unpacker = _unpacker(front)
    try:
        return _read_map(unpacker, front), unpacker.tell()
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise DecodeError("header", f"{type(error).__name__} {error}"[:200]) from error


def unpack_value(packed: bytes) -> Any:
    """What `PACKED` holds; raises DecodeError."""
    try:
        return _unpacker(packed).unpack()
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise DecodeError("header", f"{PACKED}: {type(error).__name__} {error}"[:200]) from error


def _read_map(unpacker: Any, front: bytes) -> Header:
    header: Header = {}
    read = unpacker.unpack
    for _ in range(unpacker.read_map_header()):  # no room is made: a map that announces more than there is ends early
        key = read()
        if type(key) is not str or key in header:
            raise _refused(key)
        if key == PACKED:
            begin = unpacker.tell()
            unpacker.skip()
            header[key] = front[begin : unpacker.tell()]
        else:
            header[key] = read()
    return header


def _unpacker(packed: bytes) -> Any:
    unpacker = msgpack.Unpacker(
        raw=False,
        strict_map_key=True,
        unicode_errors="strict",
        object_pairs_hook=_inner_map,
        ext_hook=_refuse_ext,
        max_buffer_size=max(len(packed), 1),
        max_str_len=MAX_HEADER,
        max_bin_len=MAX_HEADER,
        max_array_len=MAX_ITEMS,
        max_map_len=MAX_ITEMS,
        max_ext_len=0,
    )
    unpacker.feed(packed)
    return unpacker


def _inner_map(pairs: list[tuple[Any, Any]]) -> Header:
    header: Header = {}
    for key, value in pairs:
        if type(key) is not str or key in header:
            raise _refused(key)
        header[key] = value
    return header


def _refused(key: Any) -> ValueError:
    return ValueError("a key stands twice" if type(key) is str else "a key is not text")


def _refuse_ext(code: int, _data: bytes) -> Any:
    raise ValueError(f"ext type {code}")
