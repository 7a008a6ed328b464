"""The engine: blocks of sections in, factors out; one section live or thousands in research, to the same bits.

Every symbol runs on its own clock: its bars of a block are moved together, kernels work on rows of own bars, and the
results are spread back over the sections. Nothing a kernel computes depends on how history is cut into blocks.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from common.errors import FactorError
from common.factors.block import Block, FactorBlock, adjusted, check_block, check_symbols, present_bars
from common.factors.kernels import compile_all
from common.factors.kernels.build import Booleans, Floats
from common.factors.kernels.movement import Bars
from common.factors.machine import Machine
from common.factors.own_kernels import OwnKernel
from common.factors.plan import Plan
from common.factors.resets import Segment, segments
from common.factors.runner import Runner
from common.factors.snapshot import decode, encode
from common.factors.state import State

CHUNK_NUMBERS = 2_048
"""About as many numbers of a series are worked on at a time: a few hundred such runs fit the second-level cache."""


class Engine:
    """One plan and the state of its symbols; not thread-safe.

    threads: how many work on blocks of several sections; no bit depends on it. kernels: folder of their machine code.
    """

    def __init__(
        self, plan: Plan, *, threads: int = 1, kernels: Path | None = None, chunk_rows: int | None = None
    ) -> None:
        compile_all(kernels)
        self.plan = plan
        self._threads = threads
        self._chunk_rows = chunk_rows
        self._may_raise = _may_raise(plan)
        self._start(self._blank())

    def _blank(self) -> State:
        return State(self.plan.program, self._threads, self.plan.max_gap)

    def _start(self, state: State) -> None:
        self._state = state
        self._runner = Runner(self.plan.program, Machine.of(self.plan.program), state, self._threads)

    def update(self, block: Block, out: Floats | None = None) -> FactorBlock:
        """Apply a block and return its factors; `out` f8[F,B,S] is written and returned as `values` if given.

        Raises FactorError, and nothing is applied, for a block that is not as `Block` says, or on which a user's own
        operator raises.
        """
        present, columns, values = self._take(block, out)
        return self._safely(block, present, columns, values, keep=True)

    def peek(self, block: Block, out: Floats | None = None) -> FactorBlock:
        """Return what `update` would, for one section whose bars are still forming, and remember nothing of it."""
        if len(block.member) != 1:
            raise FactorError(f"peek takes one section, not {len(block.member)}")
        present, columns, values = self._take(block, out)
        plain = self._state.fits(block.symbols, 1) and not any(each.forget for each in self._segments(block, present))
        engine = self if plain else self.fork()
        return engine._safely(block, present, columns, values, keep=not plain)  # noqa: SLF001  a fork of its own

    def fork(self) -> "Engine":
        """Return an engine with the same past that goes its own way from here."""
        other = Engine(self.plan, threads=self._threads, chunk_rows=self._chunk_rows)
        other._start(self._state.copy())
        return other

    def save(self) -> bytes:
        """Return what is remembered of symbols, for an engine of the same plan on the same platform."""
        return encode(self.plan, self._state)

    def hold(self) -> Callable[[], bytes]:
        """Copy the state as it is now; what is returned writes it down, as `save` would have, in any thread."""
        plan, state = self.plan, self._state.copy()
        return lambda: encode(plan, state)

    def load(self, saved: bytes) -> None:
        """Go on from a saved state; SnapshotError, and nothing changed, if it is damaged or not for this engine."""
        self._start(decode(saved, self.plan, self._blank()))

    @property
    def nbytes(self) -> int:
        """Bytes of memory it takes: what is remembered of symbols, listed in the last block or not, and scratch."""
        return self._state.nbytes + self._runner.nbytes

    @property
    def symbol_bytes(self) -> float:
        """Its bytes, shared out among all symbols of whom something is remembered or that are listed."""
        return self.nbytes / max(1, len(self._state.symbols) + len(self._state.away))

    def _take(self, block: Block, out: Floats | None) -> tuple[Booleans, Floats, Floats]:
        """Check a block; return who has a bar, its columns f8[C,B,S] as factors see them, and room for the factors."""
        check_block(block)
        if block.symbols != self._state.symbols:
            check_symbols(block.symbols)
        if self.plan.by_session and block.session is None:
            raise FactorError("the set starts anew with each session, and the block does not say which is which")
        values = self._room(block, out)
        columns = np.empty((len(self.plan.program.columns), *block.shape))
        for place, (name, _) in enumerate(self.plan.program.columns):
            columns[place] = adjusted(block, name)
        return present_bars(block), columns, values

    def _room(self, block: Block, out: Floats | None) -> Floats:
        shape = (len(self.plan.names), *block.shape)
        if out is None:
            return np.empty(shape)
        if out.shape != shape or out.dtype != np.float64 or not out.flags.c_contiguous:
            raise FactorError(f"out must be C-contiguous f8{shape}, not {out.dtype}{out.shape}")
        return out

    def _segments(self, block: Block, present: Booleans) -> list[Segment]:
        return segments(self.plan, self._state, block, present)

    def _safely(self, block: Block, present: Booleans, columns: Floats, values: Floats, *, keep: bool) -> FactorBlock:
        """Apply, and be as before if a user's function raises: a copy of the state is the price of having one."""
        if not self._may_raise:
            return self._apply(block, present, columns, values, keep=keep)
        before = self._state.copy()
        try:
            return self._apply(block, present, columns, values, keep=keep)
        except BaseException:
            self._start(before)
            raise

    def _apply(self, block: Block, present: Booleans, columns: Floats, values: Floats, *, keep: bool) -> FactorBlock:
        sections, symbols = block.shape
        most = self._chunk_rows or max(1, CHUNK_NUMBERS // max(1, min(symbols, 256)))
        state = self._state
        state.adopt(block.symbols, max(1, min(sections, most)))
        bars = self._bars(present, columns, values)
        # What came over the wire may not be written to, and kernels take no such array.
        member = np.require(block.member, requirements=["C", "W"])
        for segment in self._segments(block, present):
            # Also where nobody is listed: a session may begin with such a section.
            segment.apply(state)
            if symbols:
                self._run(bars, member, segment, keep=keep)
        if keep:
            state.section += sections
            if block.session is not None and sections:
                state.session = int(block.session[-1])
        return FactorBlock(
            symbols=block.symbols,
            names=self.plan.names,
            values=values,
            present=present.view(np.uint8),
            member=member.view(np.uint8),
            warm=bars.warm,
        )

    def _bars(self, present: Booleans, columns: Floats, values: Floats) -> Bars:
        """Put together what kernels read and fill of a block whose symbols the state has adopted."""
        state = self._state
        return Bars(
            columns=columns,
            present=present,
            place=np.empty(present.shape, dtype=np.int64),
            own=np.zeros_like(state.counts),
            counts=state.counts,
            last=state.last,
            section=state.section,
            out=values,
            warm=np.zeros(present.shape, dtype=np.uint8),
            warm_bars=self.plan.warm_bars,
        )

    def _run(self, bars: Bars, member: Booleans, segment: Segment, *, keep: bool) -> None:
        held = None if keep else self._state.hold()
        self._runner.run(bars, member, segment.first, segment.last, keep=keep)
        if held is not None:
            self._state.put_back(held)


def _may_raise(plan: Plan) -> bool:
    """Whether a plan calls functions of a user's."""
    return any(isinstance(step.kernel, OwnKernel) for stage in plan.program.stages for step in stage.alone)
