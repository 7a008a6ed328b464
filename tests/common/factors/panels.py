"""Blocks for tests: made of given columns, cut, reordered, and with bars taken away."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from common.factors.block import Block, FactorBlock
from common.factors.definition import Operator
from common.factors.engine import Engine
from common.factors.plan import Plan, compile_set
from common.factors.sets import FactorSet

Floats = NDArray[np.float64]
LABEL = "ts_delay(close, -1) / close - 1"


def text_of(row: Operator, columns: Sequence[str], window: int = 5, level: float = 0.3) -> str:
    """Write an operator on columns, with that window for each whole constant and that level for each other."""
    constants = [repr(window) if each.whole else repr(level) for each in row.parameters]
    return row.render(columns[: len(row.series)], constants)


def plan_of(*texts: str) -> Plan:
    """Compile texts under the names f0, f1 ..."""
    return compile_set(FactorSet("test", tuple((f"f{i}", text) for i, text in enumerate(texts)), LABEL))


def block_of(columns: Mapping[str, Floats], member: NDArray[np.bool_] | None = None) -> Block:
    """Make a block of symbols s00, s01 ..., all members unless told."""
    shape = next(iter(columns.values())).shape
    symbols = tuple(f"s{i:02d}" for i in range(shape[1]))
    return Block(symbols, dict(columns), np.ones(shape, dtype=np.bool_) if member is None else member)


def market(sections: int, symbols: int, seed: int, missing: float = 0.0) -> Block:
    """Make a random market with ties, flat stretches and empty volumes; a share of the bars is missing."""
    random, shape = np.random.default_rng(seed), (sections, symbols)
    moves = random.normal(0, 0.02, shape) * (random.random(shape) > 0.2)
    close = np.round(50 * np.exp(np.cumsum(moves, axis=0)), 2)
    open_ = np.round(close * (1 + random.normal(0, 0.005, shape)), 2)
    columns: dict[str, Floats] = {
        "open": open_,
        "high": np.maximum(open_, close) + 0.05,
        "low": np.minimum(open_, close) - 0.05,
        "close": close,
        "volume": np.round(random.uniform(0, 50, shape)) * 100.0,
        "turnover": random.uniform(1e3, 1e5, shape),
    }
    gone = random.random(shape) < missing
    for column in columns.values():
        column[gone] = np.nan
    return block_of(columns)


def cut(block: Block, first: int, last: int) -> Block:
    """Take sections `first` up to `last`."""
    return Block(
        block.symbols,
        {name: column[first:last] for name, column in block.columns.items()},
        block.member[first:last],
    )


def pick(block: Block, symbols: Sequence[int]) -> Block:
    """Take symbols by place."""
    chosen = list(symbols)
    return Block(
        tuple(block.symbols[i] for i in chosen),
        {name: np.ascontiguousarray(column[:, chosen]) for name, column in block.columns.items()},
        np.ascontiguousarray(block.member[:, chosen]),
    )


def without_bar(block: Block, section: int, symbol: int) -> Block:
    """Take one bar away."""
    columns = {name: column.copy() for name, column in block.columns.items()}
    for column in columns.values():
        column[section, symbol] = np.nan
    return Block(block.symbols, columns, block.member)


def pieces(block: Block, cuts: Sequence[int]) -> Iterator[Block]:
    """Cut a block at the given sections."""
    edges = sorted({0, len(block.member), *cuts})
    for first, last in pairwise(edges):
        yield cut(block, first, last)


def compute(plan: Plan, block: Block, cuts: Sequence[int] = ()) -> Floats:
    """Run a fresh engine over a block cut at the given sections; return f8[F,B,S]."""
    engine = Engine(plan)
    return np.concatenate([engine.update(each).values for each in pieces(block, cuts)], axis=1)


def updates(plan: Plan, blocks: Sequence[Block]) -> list[FactorBlock]:
    """Run a fresh engine over blocks in turn."""
    engine = Engine(plan)
    return [engine.update(each) for each in blocks]


def assert_same_bits(actual: Floats, expected: Floats) -> None:
    """Equal by ==, NaN equal to NaN."""
    np.testing.assert_array_equal(actual, expected, strict=True)
