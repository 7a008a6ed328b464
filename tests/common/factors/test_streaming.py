"""Whole cache lines at a time: whatever the memory a section is handed out to, and whoever is missing."""

from collections.abc import Mapping

import numpy as np
import pytest

from common.factors.block import Block
from common.factors.engine import Engine
from common.factors.room import PAGE_BYTES, room, twin
from tests.common.factors.panels import Floats, assert_same_bits, block_of, compute, market, pieces, plan_of

TEXTS = ("close", "ts_quantile(close, 7, 0.8)", "ts_mean(close, 5)", "ts_std(volume, 9)", "ts_corr(close, volume, 5)")


@pytest.mark.parametrize("symbols", [1, 7, 8, 9, 37, 100])
@pytest.mark.parametrize("start", range(0, 9, 3))
def test_a_section_is_handed_out_to_any_place(symbols: int, start: int) -> None:
    """The same bits as of the whole history at once, and nothing beside the place is written to."""
    plan, block = plan_of(*TEXTS), market(12, symbols, seed=symbols, missing=0.2)
    engine, expected = Engine(plan), compute(plan, block)
    size = len(TEXTS) * symbols
    for section, piece in enumerate(pieces(block, range(12))):
        memory = np.full(size + 16, -1.0)
        out = memory[start : start + size].reshape(len(TEXTS), 1, symbols)
        assert_same_bits(engine.update(piece, out).values[:, 0], expected[:, section])
        assert np.all(np.delete(memory, slice(start, start + size)) == -1.0)


def _with_a_young_one(columns: Mapping[str, Floats], since: int) -> Block:
    """The last symbol has its first bar in section `since`."""
    young = {name: column.copy() for name, column in columns.items()}
    for column in young.values():
        column[:since, -1] = np.nan
    return block_of(young)


def test_means_of_some_do_not_change_with_what_others_lack() -> None:
    """One symbol's NaN sends its whole tile another way, to the same bits."""
    plan, old = plan_of("ts_mean(close, 5)", "ts_std(close, 9)", "ts_mean(volume, 20)"), market(40, 20, seed=5)
    young = _with_a_young_one(old.columns, 30)
    assert_same_bits(compute(plan, young)[..., :-1], compute(plan, old)[..., :-1])
    section_by_section = compute(plan, young, cuts=range(40))
    assert_same_bits(section_by_section, compute(plan, young))


@pytest.mark.parametrize("shape", [(3,), (2, 5, 7), (1000, 1000)])
def test_room_begins_with_a_page(shape: tuple[int, ...]) -> None:
    """And so does a copy of it; both are whole."""
    for found in (room(shape, 2.5), twin(np.full(shape, 2.5))):
        assert found.ctypes.data % PAGE_BYTES == 0
        assert found.flags.c_contiguous
        assert found.shape == shape
        assert np.all(found == 2.5)
