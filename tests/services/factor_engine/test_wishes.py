"""Which versions' plans the engine keeps: those that serve, are to serve, or may again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from alphabus.testing import ManualClock
from common.models.records import Event, Serving
from common.models.registry import Registry
from services.factor_engine.wishes import LOOK_NS, Wishes
from tests.common.models.sample_bundle import sketch
from tests.services.cluster import silent_log
from tests.services.factor_engine.stage import config_of


class Books:
    """A registry with four versions, and the engine's view of it."""

    def __init__(self, folder: Path) -> None:
        config = config_of(folder)
        self.person = Registry(config.registry, clock=lambda: 7)
        for seed in range(4):
            self.person.add(sketch("demo", seed), author="ann")
        self.clock = ManualClock()
        self.wishes = Wishes(config, self.clock, silent_log())

    def promote(self, *versions: int) -> None:
        """The alias means one after the other, again if need be."""
        for version in versions:
            self.person.promote("test", "champion", "demo", version, by="ann", why="", again=True)

    def serve(self, version: int) -> None:
        """A fresh section of this version was said."""
        self.person.record_serving(Serving("test", bytes(16), "live", "champion", 1, 1, "demo", version))

    def wanted(self) -> list[int]:
        """Versions, given that something changed, at the next look."""
        self.clock.advance(LOOK_NS)
        news = self.wishes.news()
        assert news is not None
        return sorted(ref.version for ref in news)

    def close(self) -> None:
        """Both sides."""
        self.wishes.close()
        self.person.close()


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Books]:
    """Closed at the end."""
    it = Books(tmp_path)
    yield it
    it.close()


def test_where_a_rollback_goes_is_wanted_after_a_promotion_again(books: Books) -> None:
    """The alias did not move by it."""
    books.promote(1, 2, 2)
    books.serve(2)
    assert books.wanted() == [1, 2]


def test_it_looks_several_times_a_second_and_not_at_every_turn(books: Books) -> None:
    """A look costs as much as a twentieth of a section; what changed meanwhile is found by the next."""
    books.promote(1)
    assert books.wanted() == [1]
    books.promote(2)
    books.clock.advance(LOOK_NS - 1)
    assert books.wishes.news() is None
    books.clock.advance(1)
    assert books.wishes.news() is not None


def test_what_serves_a_halted_arm_is_wanted(books: Books) -> None:
    """It said nothing yet, but it was swapped in; wishes after it failed."""
    books.promote(1)
    books.serve(1)
    books.promote(4)
    books.person.record(Event("swap", "test", "champion", "champion", ("demo", 1), ("demo", 4)), by="worker", why="")
    books.promote(2, 3)
    assert books.wanted() == [1, 2, 3, 4]


def test_what_would_relieve_a_model_that_never_spoke_is_wanted(books: Books) -> None:
    """Nothing ever served: what the alias meant before is brought in, and needs its factors."""
    books.promote(1, 4, 2, 2)
    assert books.wanted() == [2, 4]


def test_so_is_what_would_relieve_the_one_that_is_still_there(books: Books) -> None:
    """The newest wish failed, and the one before it sits there and never spoke."""
    books.promote(1, 4, 2)
    failed = Event("swap_failed", "test", "champion", "champion", ("demo", 4), ("demo", 2))
    books.person.record(failed, by="worker", why="")
    assert books.wanted() == [1, 2, 4]
    books.serve(4)
    assert books.wanted() == [2, 4]


def test_a_version_that_is_gone_asks_for_nothing(books: Books) -> None:
    """What it was swapped in for is history."""
    books.person.record(Event("swap", "test", "champion", "champion", None, ("demo", 9)), by="worker", why="")
    books.promote(1)
    assert books.wanted() == [1]
