"""Whether the worker stood still (stopped, starved, swapped) before it heard something (pure)."""

from __future__ import annotations

from common.service import LONGEST_WAIT_NS

LIMIT_NS = 2 * LONGEST_WAIT_NS
"""The loop looks at its links more often than that; and what lay in them is all heard so soon afterwards."""


class Standstill:
    """By the monotonic clock: what is heard after a stand-still may have been said right after the last look before it.

    Bytes that waited in the kernel come bit by bit: for a while after the first look each may be such a word.
    """

    def __init__(self, now: int) -> None:
        self._before = self._looked = self._since = now
        self._until = now
        """Up to then a word may be one from `_since`."""

    def look(self, now: int) -> None:
        """The links are about to be read: nothing that is heard now was there when they were read before."""
        self._before, self._looked = self._looked, now
        self._notice(now)

    def lasts(self, now: int) -> bool:
        """Whether what was heard in this look may have been said long ago."""
        self._notice(now)
        return now < self._until

    def said_ns(self, now: int) -> int:
        """The earliest moment at which what was heard in this look may have been said; without a stand-still, now."""
        return self._since if self.lasts(now) else now

    def _notice(self, now: int) -> None:
        if now - self._before > LIMIT_NS:
            if self._before >= self._until:  # otherwise what an earlier one kept back may not be heard yet
                self._since = self._before
            self._until = now + LIMIT_NS
