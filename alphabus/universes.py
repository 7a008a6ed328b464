"""Lists of symbols by their digest, the newest of them: what sections refer to (pure)."""

from __future__ import annotations

import sys
from typing import Final

from alphabus.errors import UniverseError
from alphabus.messages import Universe, universe_digest
from alphabus.outbox import CHUNK

KEEP: Final = CHUNK
"""Lists kept. A page of a record is applied before anything live, and each message of it may bring a list: as many."""

NOBODY: Final = universe_digest(())


class Universes:
    """Remembers the lists that were told or asked for last; the list of no symbols is always known.

    Lists are mostly the same symbols: each symbol is in memory once, whatever the number of lists.
    """

    def __init__(self, keep: int = KEEP) -> None:
        self._keep = keep
        self._lists: dict[bytes, tuple[str, ...]] = {}  # the one used longest ago first

    def __len__(self) -> int:
        return len(self._lists)

    def __contains__(self, digest: bytes) -> bool:
        """Whether a digest can be told."""
        return digest == NOBODY or digest in self._lists

    def learn(self, universe: Universe) -> None:
        """Remember a list; the one that was used longest ago is forgotten when there are too many."""
        known = self._lists.pop(universe.universe, None)
        self._lists[universe.universe] = known or tuple(map(sys.intern, universe.symbols))
        if len(self._lists) > self._keep:
            del self._lists[next(iter(self._lists))]

    def symbols(self, digest: bytes) -> tuple[str, ...]:
        """The symbols a digest stands for; UniverseError where it was never told, or so long ago that it is forgotten.

        Whoever needs it has the section told again: every answer from a record begins with the list in force.
        """
        if digest == NOBODY:
            return ()
        if (symbols := self._lists.pop(digest, None)) is None:
            raise UniverseError(f"no universe message named {digest.hex()[:16]} came before its section")
        self._lists[digest] = symbols
        return symbols
