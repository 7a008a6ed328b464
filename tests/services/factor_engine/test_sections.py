"""Lists of symbols: told before the sections that refer to them, and not remembered for ever."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from alphabus.messages import Bars, Mode, Universe, universe_digest
from common.errors import FactorError
from services.factor_engine.sections import Listings, without_symbols

JOURNAL = b"j" * 16
PRICES = ("open", "high", "low", "close", "volume")


def listing(*symbols: str, bar: int = 1) -> Universe:
    """A list that was told in that bar."""
    return Universe(JOURNAL, bar, universe_digest(symbols), symbols)


def section(universe: Universe) -> Bars:
    """A section of the bar in which a list is told, that refers to it."""
    size = len(universe.symbols)
    columns = {name: np.ones(size) for name in PRICES} | {"member": np.ones(size, dtype=np.uint8)}
    return Bars(JOURNAL, universe.bar, Mode.REPLAY, 1, 1, universe.universe, 1.0, columns)


def test_the_list_of_a_section_is_what_was_told() -> None:
    """By its digest, and as it would be told with that section."""
    listings, told = Listings(), listing("A", "B")
    listings.learn(told)
    later = replace(section(told), bar=7)
    assert listings.of(later) == listings.known(later) == replace(told, bar=7)


def test_a_section_without_its_list_is_refused() -> None:
    """It would be applied to the wrong symbols."""
    listings, missing = Listings(), section(listing("A"))
    assert listings.known(missing) is None
    with pytest.raises(FactorError, match=r"no universe message named [0-9a-f]{16}"):
        listings.of(missing)


def test_symbols_out_of_order_are_refused() -> None:
    """The engine needs them ascending, each once; the list is not remembered."""
    listings, wrong = Listings(), listing("B", "A")
    with pytest.raises(FactorError, match="'B' stands before 'A'"):
        listings.learn(wrong)
    assert listings.known(section(wrong)) is None


def test_a_section_of_nobody_needs_no_list() -> None:
    """As a refused one is published."""
    assert Listings().of(without_symbols(section(listing("A")))).symbols == ()


def test_lists_that_come_for_ever_are_not_kept_for_ever() -> None:
    """The one in force is always there, the first of a thousand is not."""
    listings = Listings()
    for bar in range(1, 1001):
        told = listing(*(f"S{number:04d}" for number in range(bar, bar + 3)), bar=bar)
        listings.learn(told)
        assert listings.of(section(told)) == told
    assert listings.known(section(listing("S0001", "S0002", "S0003"))) is None
