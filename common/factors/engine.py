"""The engine: blocks of sections in, factors out; one section live or thousands in research, to the same bits.

Every symbol runs on its own clock: its bars of a block are moved together, kernels work on rows of own bars, and the
results are spread back over the sections. Nothing a kernel computes depends on how history is cut into blocks.
"""

from pathlib import Path

import numpy as np

from common.errors import FactorError
from common.factors.block import Block, FactorBlock, adjusted, check_block, check_symbols, present_bars
from common.factors.definition import Kind
from common.factors.kernels import compile_all
from common.factors.kernels.build import TILE, Booleans, Floats, Integers
from common.factors.kernels.movement import load, number_bars, spread
from common.factors.plan import Plan
from common.factors.state import CHUNK_NUMBERS, State


class Engine:
    """One plan and the state of its symbols; not thread-safe. `kernels`: folder of their machine code."""

    def __init__(self, plan: Plan, *, kernels: Path | None = None, chunk_rows: int | None = None) -> None:
        compile_all(kernels)
        self.plan = plan
        self._chunk_rows = chunk_rows
        self._state = State(plan.program)
        self._work = np.empty(plan.program.work_tiles * TILE)
        self._found = np.empty(0)
        self._where = np.empty(0, dtype=np.int64)

    def update(self, block: Block, out: Floats | None = None) -> FactorBlock:
        """Apply a block and return its factors; `out` f8[F,B,S] is written and returned as `values` if given.

        Raises FactorError for a block that is not as `Block` says, before anything is applied.
        """
        check_block(block)
        values = self._room(block, out)
        present, member = present_bars(block), np.ascontiguousarray(block.member)
        columns = [(np.ascontiguousarray(adjusted(block, name)), node) for name, node in self.plan.program.columns]
        self._adopt(block)
        warm = np.zeros(block.shape, dtype=np.uint8)
        for first in range(0, block.shape[0], self._state.rows):
            chunk = slice(first, first + self._state.rows)
            raw = [(column[chunk], node) for column, node in columns]
            own_rows = self._apply(raw, present[chunk], member[chunk], values, first)
            warm[chunk] = present[chunk] & (own_rows >= self.plan.warm_bars)
        return FactorBlock(
            symbols=block.symbols,
            names=self.plan.names,
            values=values,
            present=present.view(np.uint8),
            member=member.view(np.uint8),
            warm=warm,
        )

    def _room(self, block: Block, out: Floats | None) -> Floats:
        shape = (len(self.plan.names), *block.shape)
        if out is None:
            return np.empty(shape)
        if out.shape != shape or out.dtype != np.float64 or not out.flags.c_contiguous:
            raise FactorError(f"out must be C-contiguous f8{shape}, not {out.dtype}{out.shape}")
        return out

    def _adopt(self, block: Block) -> None:
        sections, symbols = block.shape
        if block.symbols != self._state.symbols:
            check_symbols(block.symbols)
            self._found, self._where = np.empty(symbols), np.empty(symbols, dtype=np.int64)
        most = self._chunk_rows or max(1, CHUNK_NUMBERS // max(1, symbols))
        self._state.adopt(block.symbols, max(1, min(sections, most)))

    def _apply(
        self, raw: list[tuple[Floats, int]], present: Booleans, member: Booleans, values: Floats, first: int
    ) -> Integers:
        """Apply one chunk of sections, `first` in its block; return each bar's number on its symbol's own clock."""
        state, symbols = self._state, present.shape[1]
        place, own = np.empty(present.shape, dtype=np.int64), np.empty(symbols, dtype=np.int64)
        absent = number_bars.function(present, place, own)
        state.begin(len(present), own)
        offsets = state.offsets(first * symbols, values.shape[1] * symbols)
        for column, node in raw:
            load.function(column, place, absent, state.arena, offsets[node])
        self._run(values, offsets, place, own, member)
        if absent:
            spread.function(values, first, place)
        numbered: Integers = state.counts + place + 1
        state.end(len(present), own)
        return numbered

    def _run(self, values: Floats, offsets: Integers, place: Integers, own: Integers, member: Booleans) -> None:
        """Call the plan's kernels in order."""
        arena, flat, (rows, stride) = self._state.arena, values.reshape(-1), place.shape
        for step in self.plan.program.steps:
            call = step.kernel.function
            if step.kind is Kind.ELEMENT or step.kind is Kind.FOLD:
                call(arena, flat, offsets, step.words, step.numbers, rows * stride, stride, self._work)
            elif step.kind is Kind.CROSS_SECTION:
                call(arena, flat, offsets, step.words, place, member, self._found, self._where)
            else:
                call(arena, flat, offsets, step.words, own, rows, stride)
