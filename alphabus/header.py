"""The header of a message: one msgpack map, read defensively (pure)."""

from __future__ import annotations

from typing import Any, Final

import msgpack

from alphabus.columns import MAX_COLUMNS
from alphabus.errors import DecodeError, EncodeError

MAX_HEADER: Final = 64 * 1024

Header = dict[str, Any]


def pack(header: Header) -> bytes:
    """The map as bytes; raises EncodeError for one over the limit."""
    packed: bytes = msgpack.packb(header, use_bin_type=True)
    if len(packed) > MAX_HEADER:
        raise EncodeError(f"a header of {len(packed)} bytes; the limit is {MAX_HEADER}")
    return packed


def unpack(frame: bytes | memoryview) -> Header:
    """The map that is all of a frame; raises DecodeError."""
    if len(frame) > MAX_HEADER:
        raise DecodeError("header_size", f"{len(frame)} bytes; the limit is {MAX_HEADER}")
    header, size = unpack_first(frame)
    if size != len(frame):
        raise DecodeError("header", f"{len(frame) - size} bytes after the map")
    return header


def unpack_first(payload: bytes | memoryview) -> tuple[Header, int]:
    """The map at the beginning, and where it ends; raises DecodeError."""
    unpacker = _unpacker(len(payload))
    unpacker.feed(payload)
    try:
        header = unpacker.unpack()
    except (ValueError, TypeError, RecursionError, msgpack.UnpackException) as error:
        raise DecodeError("header", f"{type(error).__name__} {error}"[:200]) from error
    if type(header) is not dict:
        raise DecodeError("header", f"a {type(header).__name__} where a map is expected")
    return header, unpacker.tell()


def _unpacker(size: int) -> Any:
    return msgpack.Unpacker(
        raw=False,
        strict_map_key=True,
        unicode_errors="strict",
        object_pairs_hook=_without_twins,
        ext_hook=_refuse_ext,
        max_buffer_size=max(size, 1),
        max_str_len=MAX_HEADER,
        max_bin_len=MAX_HEADER,
        max_array_len=MAX_COLUMNS,  # room is made for what an array announces, before it is there
        max_map_len=MAX_COLUMNS,
        max_ext_len=0,
    )


def _without_twins(pairs: list[tuple[Any, Any]]) -> Header:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    if not all(type(key) is str for key in found):
        raise ValueError("a key is not text")
    return found


def _refuse_ext(code: int, _data: bytes) -> Any:
    raise ValueError(f"ext type {code}")
