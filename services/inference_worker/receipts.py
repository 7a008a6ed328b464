"""What feed and engine are told that they will not be asked for again."""

from __future__ import annotations

from collections.abc import Callable

from services.inference_worker.factor_links import FactorLinks
from services.inference_worker.feed_link import FeedLink


class Receipts:
    """Of history once it is known how the children fared, of what follows once all arms are done and the cache has it.

    So an unpaced feed runs neither far ahead of a child that loads nor of the record.
    """

    def __init__(self, feed: FeedLink, factors: FactorLinks, cached: Callable[[bytes], int]) -> None:
        """`cached`: up to which section of a journal the cache has all that was said."""
        self._feed, self._factors, self._cached = feed, factors, cached
        self._bar = self._history_bar = 0

    def owe(self, history_bar: int) -> None:
        """History up to this section came."""
        self._history_bar = history_bar

    def restart(self) -> None:
        """Another journal: its numbers mean other sections, and of the old one nothing is owed."""
        self._bar = self._history_bar = 0

    def give(self, journal: bytes, done: int, *, settled: bool) -> None:
        """Say what is to be said; `done` is the section all arms are done with, `settled` is known of the children."""
        if self._history_bar and settled:
            self._feed.acknowledge(journal, self._history_bar)
            self._history_bar = 0  # once: from here on the cache's word is awaited
        bar = min(done, self._cached(journal))
        if bar > self._bar:
            self._bar = bar
            self._feed.acknowledge(journal, bar)
            self._factors.acknowledge(journal, bar)
