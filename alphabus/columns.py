"""The columns of a section on their way into a body and out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from alphabus.body import UNCOPIED, Body
from alphabus.errors import DecodeError, EncodeError
from alphabus.layout import MAX_COLUMNS, Layout, layout_of, read_layout
from alphabus.messages import Bars, Columns, Factors, Message, Signals

__all__ = [
    "BAR_COLUMNS",
    "FACTOR_MARKS",
    "MAX_COLUMNS",
    "MAX_SYMBOLS",
    "PRICES",
    "SIGNAL_COLUMNS",
    "arrange",
    "check_names",
    "pack",
    "stack",
    "unpack",
]

MAX_SYMBOLS: Final = 65_536

PRICES = ("open", "high", "low", "close", "volume")
BAR_COLUMNS = (*PRICES, "turnover", "open_interest", "price_factor", "share_factor", "member")
_BARS_NEED, _BARS_KNOW = frozenset((*PRICES, "member")), frozenset(BAR_COLUMNS)
FACTOR_MARKS = ("present", "member", "warm")
SIGNAL_COLUMNS = ("signal", "flag")


def arrange(columns: Columns) -> tuple[Layout, int]:
    """How these columns are laid out, and of how many symbols; raises EncodeError for what could not be read back."""
    if isinstance(columns, Body):
        return columns.layout, columns.size
    shapes = {column.shape for column in columns.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise EncodeError(f"columns must be one-dimensional and of one length, not {sorted(shapes)}")
    ((size,),) = shapes
    try:
        _check_size(size)
        return layout_of(tuple(columns), tuple([column.dtype for column in columns.values()])), size
    except DecodeError as error:
        raise EncodeError(str(error)) from error


def pack(columns: Columns) -> bytes | memoryview:
    """The columns' bytes in the order they are listed; uncopied where they are a large body already."""
    if isinstance(columns, Body):
        return columns.memory if columns.memory.nbytes >= UNCOPIED else bytes(columns.memory)
    return b"".join([np.ascontiguousarray(column).data for column in columns.values()])


def unpack(listed: Any, shape: Any, body: memoryview) -> Body:
    """Read-only views into `body`; raises DecodeError unless the length matches exactly.

    `listed` is the header's `columns`, packed.
    """
    if type(shape) is not list or len(shape) != 1 or type(shape[0]) is not int:
        raise DecodeError("columns", f"shape {shape!r:.60} is not [S]")
    (size,) = shape
    _check_size(size)
    if type(listed) is not bytes:
        raise DecodeError("columns", f"not a list of 1 to {MAX_COLUMNS} columns")
    layout = read_layout(listed)
    if layout.width * size != len(body):
        raise DecodeError("body", f"{len(body)} bytes where {layout.width} x {size} are announced")
    return Body.over(layout, size, body)


def stack(columns: Columns, names: Sequence[str]) -> NDArray[np.float64]:
    """The named f8 columns as one matrix [F, S]: a view on a body that has them in this order, else a copy.

    KeyError of all names there are not; what a layout says of names is found once.
    """
    layout, size = arrange(columns)
    rows = layout.rows(names)
    if isinstance(columns, Body):
        return columns.wide[rows]
    return np.array([columns[name] for name in names], np.float64).reshape(len(names), size)


def check_names(kind: type[Message], names: tuple[str, ...]) -> None:
    """Raise DecodeError unless the names are what this kind of section carries."""
    if kind is Bars and not _BARS_NEED <= set(names) <= _BARS_KNOW:
        raise DecodeError("columns", f"bars carry {', '.join(BAR_COLUMNS)}, not {', '.join(names)[:200]}")
    if kind is Factors and names[-3:] != FACTOR_MARKS:
        raise DecodeError("columns", f"factors end with {', '.join(FACTOR_MARKS)}, not {', '.join(names[-3:])[:200]}")
    if kind is Signals and names != SIGNAL_COLUMNS:
        raise DecodeError("columns", f"signals carry {', '.join(SIGNAL_COLUMNS)}, not {', '.join(names)[:200]}")


def _check_size(size: int) -> None:
    if not 0 <= size <= MAX_SYMBOLS:
        raise DecodeError("columns", f"{size} symbols; the limit is {MAX_SYMBOLS}")
