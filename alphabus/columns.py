"""The body of a message: raw little-endian columns one after another, f8 first, then u1, no padding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

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

MAX_NAME = 64

_WIDE, _NARROW = "<f8", "|u1"
WIDE: np.dtype[Any] = np.dtype(_WIDE)
NARROW: np.dtype[Any] = np.dtype(_NARROW)
_CODES: Mapping[str, np.dtype[Any]] = {_WIDE: WIDE, _NARROW: NARROW}
_CODE_OF: Mapping[np.dtype[Any], str] = {dtype: code for code, dtype in _CODES.items()}


def describe(columns: Columns) -> tuple[list[list[str]], list[int]]:
    """The header's `columns` and `shape`; raises EncodeError for what could not be read back."""
    listed = [[name, _CODE_OF.get(column.dtype) or column.dtype.str] for name, column in columns.items()]
    lengths = {column.shape for column in columns.values()}
    if len(lengths) != 1 or len(next(iter(lengths))) != 1:
        raise EncodeError(f"columns must be one-dimensional and of one length, not {sorted(lengths)}")
    (size,) = lengths.pop()
    try:
        _checked(listed, [size])
    except DecodeError as error:
        raise EncodeError(str(error)) from error
    return listed, [size]


def size_of(columns: Columns) -> int:
    """Bytes of the body."""
    return sum([column.nbytes for column in columns.values()])


def pack(columns: Columns) -> bytes:
    """The columns' bytes in the order they are listed."""
    return b"".join([np.ascontiguousarray(column).data for column in columns.values()])


def unpack(listed: Any, shape: Any, body: memoryview) -> dict[str, NDArray[Any]]:
    """Read-only views into `body` by name; raises DecodeError unless the length matches exactly."""
    layout = _checked(listed, shape)
    if layout.width * layout.size != len(body):
        raise DecodeError("body", f"{len(body)} bytes where {layout.width} x {layout.size} are announced")
    found: dict[str, NDArray[Any]] = {}
    offset = 0
    for dtype, names in ((WIDE, layout.names[: layout.wide]), (NARROW, layout.names[layout.wide :])):
        if not names:
            continue
        matrix = np.frombuffer(body, dtype, len(names) * layout.size, offset).reshape(len(names), layout.size)
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


@dataclass(frozen=True, slots=True)
class _Layout:
    """What a body is announced to be: the first `wide` columns are f8, the others u1, each of `size` symbols."""

    names: list[str]
    wide: int
    size: int

    @property
    def width(self) -> int:
        """Bytes a symbol."""
        return WIDE.itemsize * self.wide + NARROW.itemsize * (len(self.names) - self.wide)


def _checked(listed: Any, shape: Any) -> _Layout:
    if type(shape) is not list or len(shape) != 1 or type(shape[0]) is not int or not 0 <= shape[0] <= MAX_SYMBOLS:
        raise DecodeError("columns", f"shape {shape!r:.60} is not [S] with S of at most {MAX_SYMBOLS}")
    if type(listed) is not list or not 0 < len(listed) <= MAX_COLUMNS:
        raise DecodeError("columns", f"not a list of 1 to {MAX_COLUMNS} columns")
    if not _all_sound(listed):
        _refuse_first(listed)
    kinds = [item[1] for item in listed]
    wide = kinds.count(_WIDE)
    if _WIDE in kinds[wide:]:
        raise DecodeError("columns", "f8 columns come first, then u1")
    return _Layout([item[0] for item in listed], wide, shape[0])


def _all_sound(listed: list[Any]) -> bool:
    """Whether every item names a column and none twice, by looking at all of them at once: there may be thousands."""
    if set(map(type, listed)) != {list} or set(map(len, listed)) != {2}:
        return False
    names = [item[0] for item in listed]
    try:
        text, lengths = "".join(names), list(map(len, names))
        return (
            text.isascii()
            and text.isprintable()
            and min(lengths) > 0
            and max(lengths) <= MAX_NAME
            and len(set(names)) == len(names)
            and {item[1] for item in listed} <= _CODES.keys()
        )
    except TypeError:  # a name that is no text, or a type that cannot be looked up
        return False


def _refuse_first(listed: list[Any]) -> NoReturn:
    """Say which item is wrong; raises DecodeError."""
    known = set[str]()
    for item in listed:
        if type(item) is not list or len(item) != 2 or type(item[0]) is not str or str(item[1]) not in _CODES:
            raise DecodeError("columns", f"{item!r:.80} is not [name, '<f8' or '|u1']")
        name: str = item[0]
        if not (0 < len(name) <= MAX_NAME and name.isascii() and name.isprintable()):
            raise DecodeError(
                "columns", f"column name {name!r:.80} is not printable ASCII of at most {MAX_NAME} characters"
            )
        if name in known:
            raise DecodeError("columns", f"column {name!r} stands twice")
        known.add(name)
    raise DecodeError("columns", "not a list of [name, '<f8' or '|u1']")
