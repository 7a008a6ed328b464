"""Columns in one piece of memory, as they cross the wire: f8 first, then u1, little-endian, no padding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from alphabus.layout import NARROW, WIDE, Layout

UNCOPIED: Final = 64 * 1024
"""Bytes from which a copy costs more than to keep the memory of whoever has them."""


@dataclass(frozen=True, slots=True, eq=False)
class Body(Mapping[str, Any]):
    """Columns by name, each a view that is made when it is asked for.

    `wide` f8[F, S] and `narrow` u1[N, S] are all of them at once. Sending a body copies nothing: whoever made one with
    `blank` fills it, and passes on what `sealed` returns.
    """

    layout: Layout
    size: int
    """How many symbols there are."""
    memory: memoryview = field(repr=False)
    wide: NDArray[np.float64] = field(repr=False)
    narrow: NDArray[np.uint8] = field(repr=False)

    @classmethod
    def over(cls, layout: Layout, size: int, memory: memoryview) -> Self:
        """What lies in memory of just this length; its columns are read-only."""
        return cls._laid(layout, size, memory.toreadonly())

    @classmethod
    def blank(cls, layout: Layout, size: int) -> Self:
        """New memory whose columns are still to be written."""
        return cls._laid(layout, size, np.empty(layout.width * size, np.uint8).data)

    @classmethod
    def _laid(cls, layout: Layout, size: int, memory: memoryview) -> Self:
        rows = len(layout.names) - layout.wide
        wide: NDArray[np.float64] = np.ndarray((layout.wide, size), WIDE, memory)
        narrow: NDArray[np.uint8] = np.ndarray((rows, size), NARROW, memory, wide.nbytes)
        return cls(layout, size, memory, wide, narrow)

    def sealed(self) -> Self:
        """The same memory, read-only."""
        return self.over(self.layout, self.size, self.memory)

    def __getitem__(self, name: str) -> Any:
        """The column f8[S] or u1[S]; KeyError where there is none of the name."""
        place, wide = self.layout.places[name], self.layout.wide
        return self.wide[place] if place < wide else self.narrow[place - wide]

    def __iter__(self) -> Iterator[str]:
        """Names in their order."""
        return iter(self.layout.names)

    def __len__(self) -> int:
        return len(self.layout.names)
