"""Carrying sections through a machine, chunk by chunk, on one thread or several."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from common.factors.kernels.advance import Part, advance
from common.factors.kernels.build import TILE, Booleans, Floats, Integers
from common.factors.kernels.histories import Histories
from common.factors.kernels.movement import Bars
from common.factors.kernels.ranks import BUCKETS, DIGITS
from common.factors.kernels.section import Sections
from common.factors.machine import Machine
from common.factors.program import Program
from common.factors.room import room
from common.factors.state import State


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Sections first .. first + rows, and where everything lies for them."""

    first: int
    rows: int
    histories: Histories
    offsets: Integers


@dataclass(frozen=True, slots=True)
class Group:
    """Shards first .. last, taken by one thread with room of its own."""

    number: int
    first: int
    last: int


@dataclass(slots=True)
class Runner:
    """Runs one program on one state; holds scratch memory, which outlasts no chunk."""

    program: Program
    machine: Machine
    state: State
    threads: int
    work: Floats = field(default_factory=lambda: np.empty((0, 0)))
    scratch: Floats = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def nbytes(self) -> int:
        """Bytes of scratch memory."""
        return self.scratch.nbytes + self.work.nbytes

    def run(self, bars: Bars, member: Booleans, first: int, last: int, *, keep: bool) -> None:
        """Apply sections first .. last; `keep` their bars, or only look."""
        groups = self._groups(last - first)
        self._make_room(len(groups))
        chunks = list(self._chunks(first, last, keep=keep))
        if len(groups) == 1:
            self._run(bars, member, chunks, groups, map, keep=keep)
            return
        with ThreadPoolExecutor(len(groups)) as pool:
            self._run(bars, member, chunks, groups, pool.map, keep=keep)

    def _run(
        self,
        bars: Bars,
        member: Booleans,
        chunks: list[Chunk],
        groups: list[Group],
        each: Callable[..., Iterator[None]],
        *,
        keep: bool,
    ) -> None:
        """Without steps over sections groups never wait for each other; with them, after each leg."""
        legs = self.machine.legs
        if len(legs) == 1:
            list(each(lambda group: self._all(bars, chunks, group, keep=keep), groups))
            return
        for chunk in chunks:
            for number in range(len(legs)):
                list(each(lambda group, leg=number, now=chunk: self._advance(bars, now, group, leg, keep=keep), groups))
                self._together(bars, member, chunk, number)

    def _all(self, bars: Bars, chunks: list[Chunk], group: Group, *, keep: bool) -> None:
        for chunk in chunks:
            self._advance(bars, chunk, group, 0, keep=keep)

    def _advance(self, bars: Bars, chunk: Chunk, group: Group, leg: int, *, keep: bool) -> None:
        legs, state = self.machine.legs, self.state
        part = Part(
            first_shard=group.first,
            last_shard=group.last,
            first_step=legs[leg].first,
            last_step=legs[leg].last,
            first=chunk.first,
            rows=chunk.rows,
            room=group.number if len(legs) == 1 else -1,
            enter=leg == 0,
            leave=leg == len(legs) - 1,
            keep=keep,
        )
        advance.function(
            self.machine.code, part, chunk.histories, bars, _flat(state.arena), self.scratch, chunk.offsets,
            state.stride, self.work[group.number],
        )  # fmt: skip

    def _together(self, bars: Bars, member: Booleans, chunk: Chunk, leg: int) -> None:
        steps = self.machine.legs[leg].together
        if not steps:
            return
        rows, symbols = slice(chunk.first, chunk.first + chunk.rows), member.shape[1]
        found = np.empty(symbols)
        sections = Sections(
            _flat(self.state.arena), self.scratch, chunk.offsets, bars.place[rows], member[rows],
            self.state.stride, found, found.view(np.int64), np.empty(symbols), np.empty(symbols, dtype=np.int64),
            np.empty(4 * symbols + DIGITS * BUCKETS, dtype=np.int64),
        )  # fmt: skip
        for step in steps:
            step.kernel.function(sections, step.words)

    def _groups(self, sections: int) -> list[Group]:
        """Share the shards out; a single section is not worth a second thread."""
        shards = self.state.shards
        count = 1 if sections == 1 else max(1, min(self.threads, shards))
        edges = [shards * i // count for i in range(count + 1)]
        return [Group(i, edges[i], edges[i + 1]) for i in range(count)]

    def _make_room(self, groups: int) -> None:
        state, program = self.state, self.program
        rooms = groups if len(self.machine.legs) == 1 else state.shards
        shape = (rooms, program.scratch_rows(state.rows) * state.stride)
        if self.scratch.shape[0] < rooms or self.scratch.shape[1] != shape[1]:
            self.scratch = room(shape, 0.0)
        if len(self.work) < groups:
            self.work = room((groups, program.work_tiles * TILE), 0.0)

    def _chunks(self, first: int, last: int, *, keep: bool) -> Iterator[Chunk]:
        """Cut sections into chunks, and say where everything will lie when it is their turn."""
        state = self.state
        for at in range(first, last, state.rows):
            rows = min(state.rows, last - at)
            histories = state.histories(rows)
            yield Chunk(at, rows, histories, state.offsets())
            if keep:
                state.move_on(rows)


def _flat(arena: Floats) -> Floats:
    """View each shard's memory as one run."""
    shards, rows, stride = arena.shape
    return arena.reshape(shards, rows * stride)
