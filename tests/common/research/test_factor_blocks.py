"""Blocks: a history of any length goes through the same memory, frame by frame."""

import tracemalloc
from collections.abc import Iterator

import numpy as np
import polars as pl

from common.factors.plan import compile_set
from common.factors.sets import load_set
from common.research.factor_blocks import compute_blocks

SECTIONS, SYMBOLS, BLOCK_NUMBERS = 50, 6, 20_000
PLAN = compile_set(load_set("alpha158"))


class Source:
    """Frames made as they are asked for."""

    def __init__(self, frames: int) -> None:
        self.frames, self.asked = frames, 0

    def __iter__(self) -> Iterator[pl.DataFrame]:
        for number in range(self.frames):
            self.asked += 1
            yield frame_of(number)


def frame_of(number: int) -> pl.DataFrame:
    """Some sections of a market."""
    random = np.random.default_rng(number)
    section = np.repeat(np.arange(SECTIONS) + number * SECTIONS, SYMBOLS)
    columns = {name: random.uniform(1, 9, len(section)) for name in ("open", "high", "low", "close", "volume")}
    names = [f"s{place}" for place in range(SYMBOLS)] * SECTIONS
    return pl.DataFrame({"time": section + 1, "stamp": section + 1, "symbol": names, **columns, "turnover": 1.0})


def test_a_frame_is_asked_for_when_the_one_before_is_done() -> None:
    """Never two at a time, however many there are."""
    source, sections = Source(5), 0
    for stretch in compute_blocks(PLAN, source, block_numbers=BLOCK_NUMBERS):
        sections += len(stretch.stamp)
        assert source.asked == -(-sections // SECTIONS)
    assert (source.asked, sections) == (5, 5 * SECTIONS)


def test_all_factors_lie_in_the_same_memory() -> None:
    """One room, as large as was allowed, and used again for each block."""
    places, most = set(), 0
    for stretch in compute_blocks(PLAN, Source(4), block_numbers=BLOCK_NUMBERS):
        places.add(stretch.factors.values.ctypes.data)
        most = max(most, stretch.factors.values.size)
    assert len(places) == 1
    assert BLOCK_NUMBERS / 2 < most <= BLOCK_NUMBERS


def test_the_most_memory_does_not_grow_with_the_length() -> None:
    """Eight times as many bars allocate no more at any moment; the room for all factors at once would be megabytes."""
    short, long = most_allocated(4), most_allocated(32)
    assert long < short + 50_000
    assert 28 * SECTIONS * SYMBOLS * len(PLAN.names) * 8 > 10_000_000


def most_allocated(frames: int) -> int:
    """Bytes that Python and numpy had allocated at most."""
    source = Source(frames)
    tracemalloc.start()
    try:
        for _ in compute_blocks(PLAN, source, block_numbers=BLOCK_NUMBERS):
            pass
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
