"""Lists of symbols by digest: the newest are kept, and what is forgotten is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphabus.errors import UniverseError
from alphabus.messages import Universe, universe_digest
from alphabus.universes import NOBODY, Universes

JOURNAL = bytes(range(16))


def universe(*symbols: str) -> Universe:
    """A list that was told in bar 1."""
    return Universe(JOURNAL, 1, universe_digest(symbols), symbols)


def test_a_list_that_was_told_is_found() -> None:
    """By its digest, in its order."""
    universes = Universes()
    told = universe("B", "A")
    universes.learn(told)
    assert universes.symbols(told.universe) == ("B", "A")
    assert told.universe in universes


def test_the_list_of_nobody_needs_no_telling() -> None:
    """A section without symbols refers to it."""
    assert Universes().symbols(NOBODY) == ()
    assert NOBODY in Universes()


def test_what_was_never_told_is_refused_by_name() -> None:
    """The digest says which."""
    digest = universe("A").universe
    with pytest.raises(UniverseError, match=digest.hex()[:16]):
        Universes().symbols(digest)


def test_a_list_in_use_outlives_those_that_only_came() -> None:
    """What is asked for counts as new: the list of the live stream is not pushed out by a page of history."""
    universes, live = Universes(keep=2), universe("A")
    universes.learn(live)
    for name in "BCD":
        universes.symbols(live.universe)
        universes.learn(universe(name))
    assert live.universe in universes
    assert universe("C").universe not in universes
    assert len(universes) == 2


def test_a_symbol_is_in_memory_once() -> None:
    """Whatever the number of lists it stands in."""
    universes = Universes()
    lists = [universe("SYM-" + str(1), name) for name in ("X", "Y")]
    for each in lists:
        universes.learn(each)
    first, second = (universes.symbols(each.universe)[0] for each in lists)
    assert first is second


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), max_size=60), st.integers(1, 4))
def test_it_is_the_newest_that_are_kept(steps: list[tuple[bool, int]], keep: int) -> None:
    """Against a list of names ordered by use: told or asked for, the last `keep` of them."""
    universes, order = Universes(keep), list[int]()
    for told, number in steps:
        each = universe(f"S{number}")
        if told:
            universes.learn(each)
        elif number in order:
            assert universes.symbols(each.universe) == each.symbols
        if told or number in order:
            order = [*(other for other in order if other != number), number][-keep:]
        assert {n for n in range(6) if universe(f"S{n}").universe in universes} == set(order)
