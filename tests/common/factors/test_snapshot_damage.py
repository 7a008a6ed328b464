"""A saved state that was cut or changed anywhere: found out, and the engine that was to load it is as it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np
import pytest

from common.errors import SnapshotError
from common.factors.engine import Engine
from tests.common.damage import cuts, flips, holes
from tests.common.factors.panels import assert_same_bits, compute, cut, market, plan_of

SECTIONS, SYMBOLS = 12, 2
PLAN = plan_of("ts_mean(close, 3) + ta_ema(close, 3)")
Damage = Callable[[bytes], Iterator[bytes]]
DAMAGE: dict[str, Damage] = {"cut": cuts, "flipped": flips, "a hole": partial(holes, size=64)}


@pytest.mark.parametrize("how", DAMAGE)
def test_damage_is_found_wherever_it_is(how: str) -> None:
    """Each beginning, each bit and each lost block is refused, as damage, and changes nothing."""
    block, engine = market(SECTIONS, SYMBOLS, seed=1), Engine(PLAN)
    engine.update(cut(block, 0, 8))
    saved, tried = engine.save(), 0
    engine.update(cut(block, 8, 10))
    before = engine.save()
    for damaged in DAMAGE[how](saved):
        with pytest.raises(SnapshotError, match="damaged"):
            engine.load(damaged)
        tried += 1
    assert tried >= len(saved) // 64
    assert engine.save() == before
    values = engine.update(cut(block, 10, SECTIONS)).values
    assert_same_bits(values, np.ascontiguousarray(compute(PLAN, block)[:, 10:]))


@pytest.mark.parametrize("added", [b"\x00", b"ALPHABUS STATE 1\n", bytes(32)])
def test_what_stands_behind_it_is_found(added: bytes) -> None:
    """A file that is longer than it was written is not the one that was written."""
    engine = Engine(PLAN)
    engine.update(market(SECTIONS, SYMBOLS, seed=1))
    with pytest.raises(SnapshotError, match="damaged"):
        engine.load(engine.save() + added)


def test_the_beginning_of_one_and_the_end_of_another_are_no_state() -> None:
    """Two of the same length, mixed at any block: what a replaced file that was torn would look like."""
    block, engine = market(SECTIONS, SYMBOLS, seed=1), Engine(PLAN)
    engine.update(cut(block, 0, 8))
    older = engine.save()
    engine.update(cut(block, 8, 9))
    newer = engine.save()
    assert len(older) == len(newer)
    mixed = {older[:place] + newer[place:] for place in range(len(older))} - {older, newer}
    assert mixed
    for each in mixed:
        with pytest.raises(SnapshotError, match="damaged"):
            engine.load(each)
    assert engine.save() == newer
