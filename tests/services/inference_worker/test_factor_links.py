"""The lists of symbols a worker knows: bounded, and yet what it may still have to name is never forgotten."""

from __future__ import annotations

from typing import Any, cast

import pytest

from alphabus.endpoints import Endpoints
from alphabus.errors import UniverseError
from alphabus.messages import Universe, universe_digest
from alphabus.universes import KEEP
from services.inference_worker.board import Board
from services.inference_worker.factor_links import FactorLinks
from tests.services.inference_worker.scene import JOURNAL, make_factors


def universe(number: int) -> Universe:
    """One list of many."""
    symbols = ("A", f"S{number}")
    return Universe(JOURNAL, number, universe_digest(symbols), symbols)


def links(in_use: list[bytes]) -> FactorLinks:
    """Links to nobody."""
    endpoints = cast("Endpoints", None)
    return FactorLinks(cast("Any", None), endpoints, Board(deadline=True), lambda: in_use)


def test_what_is_in_use_outlives_any_number_of_newer_lists() -> None:
    """An arm may hold a signal for ever, and has to name its symbols each time; all else goes in time."""
    held = universe(0)
    it = links([held.universe])
    for number in range(3 * KEEP):
        it.learn(universe(number))
    assert it.symbols_of(held.universe) == held.symbols
    with pytest.raises(UniverseError):
        it.symbols_of(universe(1).universe)
    assert len(it._universes) == KEEP


def test_a_list_in_use_that_was_never_told_does_no_harm() -> None:
    """It is asked for when it has to be named, not before."""
    it = links([universe(7).universe])
    it.learn(universe(1))
    assert it.symbols_of(universe(1).universe) == universe(1).symbols


def test_open_sections_are_in_use() -> None:
    """Those that were announced, and factors that came before their announcement."""
    board = Board(deadline=True)
    board.fill(make_factors(3, symbols=("X",)), 0)
    assert board.universes() == {universe_digest(("X",))}
