"""The body of a message: raw little-endian columns one after another, f8 first, then u1, no padding."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from alphabus.errors import DecodeError, EncodeError
from alphabus.messages import Bars, Columns, Factors, Message, Signals

MAX_COLUMNS = 4096
MAX_SYMBOLS = 65_536

PRICES = ("open", "high", "low", "close", "volume")
BAR_COLUMNS = (*PRICES, "turnover", "open_interest", "price_factor", "share_factor", "member")
FACTOR_MARKS = ("present", "member", "warm")
SIGNAL_COLUMNS = ("signal", "flag")

_DTYPES: dict[str, np.dtype[Any]] = {"<f8": np.dtype("<f8"), "|u1": np.dtype("|u1")}


def describe(columns: Columns) -> tuple[list[list[str]], list[int]]:
    """The header's `columns` and `shape`; raises EncodeError for what could not be read back."""
    listed = [[name, column.dtype.str] for name, column in columns.items()]
    lengths = {column.shape for column in columns.values()}
    if len(lengths) != 1 or len(next(iter(lengths))) != 1:
        raise EncodeError(f"columns must be one-dimensional and of one length, not {sorted(lengths)}")
    (size,) = lengths.pop()
    try:
        _checked(listed, [size])
    except DecodeError as error:
        raise EncodeError(str(error)) from error
    return listed, [size]


def pack(columns: Columns) -> bytes:
    """The columns' bytes in the order they are listed."""
    return b"".join([np.ascontiguousarray(column).data for column in columns.values()])


def unpack(listed: Any, shape: Any, body: memoryview) -> dict[str, NDArray[Any]]:
    """Read-only views into `body` by name; raises DecodeError unless the length matches exactly."""
    dtypes, size = _checked(listed, shape)
    width = sum(dtype.itemsize for dtype in dtypes.values())
    if width * size != len(body):
        raise DecodeError("body", f"{len(body)} bytes where {width} x {size} are announced")
    found: dict[str, NDArray[Any]] = {}
    offset = 0
    for dtype in _DTYPES.values():
        names = [name for name, of in dtypes.items() if of is dtype]
        if not names:
            continue
        matrix = np.frombuffer(body, dtype, len(names) * size, offset).reshape(len(names), size)
        matrix.flags.writeable = False
        found.update(zip(names, matrix, strict=True))
        offset += matrix.nbytes
    return found


def stack(columns: Columns, names: Iterable[str]) -> NDArray[np.float64]:
    """The named f8 columns as one matrix [F, S], copied."""
    return np.ascontiguousarray(np.stack([columns[name] for name in names]), dtype=np.float64)


def check_names(kind: type[Message], names: tuple[str, ...]) -> None:
    """Raise DecodeError unless the names are what this kind of section carries."""
    if kind is Bars and not (set(PRICES) | {"member"} <= set(names) <= set(BAR_COLUMNS)):
        raise DecodeError("columns", f"bars carry {', '.join(BAR_COLUMNS)}, not {', '.join(names)[:200]}")
    if kind is Factors and names[-3:] != FACTOR_MARKS:
        raise DecodeError("columns", f"factors end with {', '.join(FACTOR_MARKS)}, not {', '.join(names[-3:])[:200]}")
    if kind is Signals and names != SIGNAL_COLUMNS:
        raise DecodeError("columns", f"signals carry {', '.join(SIGNAL_COLUMNS)}, not {', '.join(names)[:200]}")


def _checked(listed: Any, shape: Any) -> tuple[dict[str, np.dtype[Any]], int]:
    if type(shape) is not list or len(shape) != 1 or type(shape[0]) is not int or not 0 <= shape[0] <= MAX_SYMBOLS:
        raise DecodeError("columns", f"shape {shape!r:.60} is not [S] with S of at most {MAX_SYMBOLS}")
    if type(listed) is not list or not 0 < len(listed) <= MAX_COLUMNS:
        raise DecodeError("columns", f"not a list of 1 to {MAX_COLUMNS} columns")
    if (found := _all_sound(listed)) is not None:
        return found, shape[0]
    dtypes: dict[str, np.dtype[Any]] = {}
    for item in listed:
        name, dtype = _named(item)
        if name in dtypes:
            raise DecodeError("columns", f"column {name!r} stands twice")
        dtypes[name] = dtype
    widths = [dtype.itemsize for dtype in dtypes.values()]
    if widths != sorted(widths, reverse=True):
        raise DecodeError("columns", "f8 columns come first, then u1")
    return dtypes, shape[0]


def _all_sound(listed: list[Any]) -> dict[str, np.dtype[Any]] | None:
    """What the list says when nothing is wrong with it, by looking at all columns at once; None: look closer."""
    try:
        names = [name for name, _ in listed]
        kinds = [kind for _, kind in listed]
        text, lengths = "".join(names), list(map(len, names))
        if not (text.isascii() and text.isprintable() and min(lengths) > 0 and max(lengths) <= 64):
            return None
        found = dict(zip(names, map(_DTYPES.__getitem__, kinds), strict=True))
        sound = len(found) == len(names) and kinds == sorted(kinds) and set(map(type, listed)) == {list}
    except (TypeError, ValueError, KeyError):
        return None
    return found if sound else None


def _named(item: Any) -> tuple[str, np.dtype[Any]]:
    if type(item) is not list or len(item) != 2 or type(item[0]) is not str or str(item[1]) not in _DTYPES:
        raise DecodeError("columns", f"{item!r:.80} is not [name, '<f8' or '|u1']")
    name: str = item[0]
    dtype: str = item[1]
    if not (0 < len(name) <= 64 and name.isascii() and name.isprintable()):
        raise DecodeError("columns", f"column name {name!r:.80} is not printable ASCII of at most 64 characters")
    return name, _DTYPES[dtype]
