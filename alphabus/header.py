"""The header of a message: one msgpack map, read defensively (pure)."""

from __future__ import annotations

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

    def __add__(self, other: Pairs) -> Pairs:
        """These, then the others."""
        return Pairs(self.count + other.count, self.packed + other.packed)


def pack_pairs(values: Header) -> Pairs:
    """The pairs of a map, to be joined with others."""
    packed: bytes = msgpack.packb(values, use_bin_type=True)
    return Pairs(len(values), packed[1 if len(values) <= _SHORT else 3 :])


def pack_value(value: Any) -> bytes:
    """One value as it stands in a map."""
    packed: bytes = msgpack.packb(value, use_bin_type=True)
    return packed


def pack(pairs: Pairs) -> bytes:
    """The map of these pairs as bytes; raises EncodeError for one over the limit."""
    front = bytes([0x80 | pairs.count]) if pairs.count <= _SHORT else b"\xde" + pairs.count.to_bytes(2, "big")
    packed = front + pairs.packed
    if len(packed) > MAX_HEADER:
        raise EncodeError(f"a header of {len(packed)} bytes; the limit is {MAX_HEADER}")
    return packed


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
    pairs: list[tuple[Any, Any]] = []
    for _ in range(unpacker.read_map_header()):  # no room is made: a map that announces more than there is ends early
        key = unpacker.unpack()
        if key == PACKED:
            begin = unpacker.tell()
            unpacker.skip()
            pairs.append((key, front[begin : unpacker.tell()]))
        else:
            pairs.append((key, unpacker.unpack()))
    return _without_twins(pairs)


def _unpacker(packed: bytes) -> Any:
    unpacker = msgpack.Unpacker(
        raw=False,
        strict_map_key=True,
        unicode_errors="strict",
        object_pairs_hook=_without_twins,
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


def _without_twins(pairs: list[tuple[Any, Any]]) -> Header:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    if not all(type(key) is str for key in found):
        raise ValueError("a key is not text")
    return found


def _refuse_ext(code: int, _data: bytes) -> Any:
    raise ValueError(f"ext type {code}")
