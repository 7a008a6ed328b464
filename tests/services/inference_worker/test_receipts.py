"""What feed and engine are told: history once, then whatever all arms and the cache are done with."""

from __future__ import annotations

from typing import cast

from services.inference_worker.factor_links import FactorLinks
from services.inference_worker.feed_link import FeedLink
from services.inference_worker.receipts import Receipts
from tests.services.inference_worker.scene import JOURNAL

OTHER = b"o" * 16


class Heard:
    """A link that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[bytes, int]] = []

    def acknowledge(self, journal: bytes, bar: int) -> None:
        """Note it."""
        self.told.append((journal, bar))


class Office:
    """Receipts, the two that hear them, and a cache that has everything up to `cached`."""

    def __init__(self) -> None:
        self.feed, self.engine, self.cached = Heard(), Heard(), 0
        self.receipts = Receipts(cast("FeedLink", self.feed), cast("FactorLinks", self.engine), lambda _: self.cached)

    def give(self, done: int, *, journal: bytes = JOURNAL, settled: bool = True) -> None:
        """One turn's."""
        self.receipts.give(journal, done, settled=settled)


def test_history_is_acknowledged_once_the_children_settled() -> None:
    """To the feed alone, which is kept from running ahead until then; and once."""
    it = Office()
    it.receipts.owe(40)
    it.give(0, settled=False)
    assert it.feed.told == []
    it.receipts.owe(41)
    it.give(0)
    it.give(0)
    assert (it.feed.told, it.engine.told) == ([(JOURNAL, 41)], [])


def test_a_section_is_acknowledged_when_it_is_on_record() -> None:
    """What the arms are done with and the cache has; to both, each section once."""
    it = Office()
    for done, it.cached in ((3, 0), (3, 2), (3, 2), (3, 9), (5, 9)):
        it.give(done)
    assert it.feed.told == it.engine.told == [(JOURNAL, 2), (JOURNAL, 3), (JOURNAL, 5)]


def test_another_journal_begins_anew() -> None:
    """Its sections are acknowledged by its own numbers; history of the old one is none of its."""
    it = Office()
    it.cached = 9
    it.give(5)
    it.receipts.owe(500)
    it.receipts.restart()
    it.give(0, journal=OTHER)
    it.give(1, journal=OTHER)
    assert it.feed.told == it.engine.told == [(JOURNAL, 5), (OTHER, 1)]
