"""Where everything lies in an engine's memory: shards of symbols, and the rows of each series in them (pure)."""

from dataclasses import dataclass

import numpy as np

from common.factors.kernels.build import TILE, Integers
from common.factors.kernels.memory import SCRATCH
from common.factors.program import Program

MIN_SLACK = 64


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Shards of `stride` symbols; of each, `height` rows of numbers that last.

    slack: rows a series can grow by before its past is moved back; base: where each operand's run starts, in what lasts
    or, from SCRATCH on, in scratch; starts, depths: first row and rows of past of each series that has one; fixed_rows:
    those of recursive states.
    """

    shards: int
    stride: int
    slack: int
    height: int
    base: Integers
    starts: Integers
    depths: Integers
    fixed_rows: Integers

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the memory that lasts: shards, rows, symbols of each."""
        return self.shards, self.height, self.stride

    def cursors(self) -> Integers:
        """How far each series has grown at first: each another length, so that no section has to move all back."""
        return np.arange(len(self.starts)) * self.slack // max(1, len(self.starts))

    def kept_rows(self, cursors: Integers) -> Integers:
        """Name the rows that are remembered: each series' past, newest last, then recursive states."""
        histories = zip(self.starts + cursors, self.depths, strict=True)
        return np.concatenate([*(np.arange(at, at + rows) for at, rows in histories), self.fixed_rows])


_NONE = np.empty(0, dtype=np.int64)
NOWHERE = Layout(0, 0, 0, 0, _NONE, _NONE, _NONE, _NONE)
"""Of no symbols, before the first section."""


def lay_out(program: Program, symbols: int, rows: int, least_shards: int) -> Layout:
    """Cut symbols into shards, and give every operand its rows, for chunks of up to `rows` sections."""
    shards, stride = _shards(symbols, least_shards)
    slack, deep = max(MIN_SLACK, rows), program.depth > 0
    heights = np.where(deep, program.depth + slack, program.fixed)
    first = np.cumsum(heights) - heights
    return Layout(
        shards,
        stride,
        slack,
        int(heights.sum()),
        _base(program, first, rows, stride),
        first[deep],
        program.depth[deep],
        np.flatnonzero(np.repeat(~deep, heights)),
    )


def _shards(symbols: int, least: int) -> tuple[int, int]:
    """Return how many shards, and how many symbols each: a few hundred; in whole cache lines where there are more."""
    shards = max(1, -(-symbols // TILE), min(least, symbols // 8))
    stride = -(-symbols // shards)
    if shards > 1:
        stride = -(-stride // 8) * 8
        shards = -(-symbols // stride)
    return shards, stride


def _base(program: Program, first: Integers, rows: int, stride: int) -> Integers:
    short, long = program.slot * rows, program.slot * program.long_rows(rows) + program.remade
    in_scratch = np.where(program.remade > 0, program.slots * rows + long, short)
    base = np.where(program.slot >= 0, in_scratch, first + program.depth) * stride
    found: Integers = base + np.where(program.slot >= 0, SCRATCH, 0)
    return found
