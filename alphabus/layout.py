"""Which columns a body has, in their order: what a header says of them, checked once and remembered (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, NoReturn

import numpy as np
from numpy.typing import NDArray

from alphabus.errors import DecodeError
from alphabus.header import MAX_ITEMS, pack_value, unpack_value

MAX_COLUMNS: Final = MAX_ITEMS
MAX_NAME: Final = 64
REMEMBERED: Final = 64
"""Layouts: a link has few, and each section says its own again."""

_WIDE, _NARROW = "<f8", "|u1"
WIDE: np.dtype[Any] = np.dtype(_WIDE)
NARROW: np.dtype[Any] = np.dtype(_NARROW)
_CODES: Mapping[str, np.dtype[Any]] = {_WIDE: WIDE, _NARROW: NARROW}
_CODE_OF: Mapping[np.dtype[Any], str] = {dtype: code for code, dtype in _CODES.items()}

Rows = slice | NDArray[np.intp]
"""Places of rows in a matrix, in an order of their own."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The first `wide` columns are f8, the others u1; `packed` is the header's `columns`."""

    names: tuple[str, ...]
    wide: int
    packed: bytes = field(repr=False)
    places: Mapping[str, int] = field(repr=False, compare=False)

    @property
    def width(self) -> int:
        """Bytes a symbol."""
        return WIDE.itemsize * self.wide + NARROW.itemsize * (len(self.names) - self.wide)

    def rows(self, names: Sequence[str]) -> Rows:
        """Where f8 columns lie among the wide ones: a slice if one follows the other; KeyError of all there are not."""
        return _rows(self, tuple(names))


def layout(wide: Sequence[str], narrow: Sequence[str]) -> Layout:
    """The layout of f8 and u1 columns of these names; raises DecodeError for what could not be read back."""
    return layout_of((*wide, *narrow), (WIDE,) * len(wide) + (NARROW,) * len(narrow))


@lru_cache(REMEMBERED)
def layout_of(names: tuple[str, ...], dtypes: tuple[np.dtype[Any], ...]) -> Layout:
    """The same of columns in any order; raises DecodeError."""
    listed = [[name, _CODE_OF.get(dtype) or dtype.str] for name, dtype in zip(names, dtypes, strict=True)]
    return _checked(listed, pack_value(listed))


@lru_cache(REMEMBERED)
def read_layout(packed: bytes) -> Layout:
    """The layout in a header's `columns`; raises DecodeError."""
    return _checked(unpack_value(packed), packed)


@lru_cache(REMEMBERED)
def _rows(layout: Layout, names: tuple[str, ...]) -> Rows:
    places = [layout.places.get(name, layout.wide) for name in names]
    if absent := [name for name, place in zip(names, places, strict=True) if place >= layout.wide]:
        raise KeyError(*absent)
    first = places[0] if places else 0
    if places == list(range(first, first + len(places))):
        return slice(first, first + len(places))
    rows = np.array(places, np.intp)
    rows.flags.writeable = False
    return rows


def _checked(listed: Any, packed: bytes) -> Layout:
    if type(listed) is not list or not 0 < len(listed) <= MAX_COLUMNS:
        raise DecodeError("columns", f"not a list of 1 to {MAX_COLUMNS} columns")
    if not _all_sound(listed):
        _refuse_first(listed)
    kinds = [item[1] for item in listed]
    wide = kinds.count(_WIDE)
    if _WIDE in kinds[wide:]:
        raise DecodeError("columns", "f8 columns come first, then u1")
    names = tuple(item[0] for item in listed)
    return Layout(names, wide, packed, {name: place for place, name in enumerate(names)})


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
