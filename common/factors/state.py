"""What an engine remembers of each symbol: the last rows of every series read back, and recursive states.

Symbols are cut into shards of a few hundred, each with its own memory, so that what a program reads of one stays in the
cache. A shard's memory holds, for every series with a past, its rows and `slack` rows to grow into, then recursive
states; the symbols of a row are contiguous, and every symbol's newest own bar lies in the same row: who misses a bar is
moved forward at once, so that kernels never ask who is where. Symbols that leave are kept aside.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from common.factors.kernels.build import TILE, Booleans, Floats, Integers
from common.factors.kernels.memory import SCRATCH
from common.factors.kernels.movement import Histories
from common.factors.program import Program
from common.factors.room import room, twin

MIN_SLACK = 64
NEVER = -(2**62)
"""Section of the last bar of a symbol that had none."""


def _integers() -> Integers:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What is known of one symbol: its rows (histories oldest first, then recursive states), bars, last section."""

    rows: Floats
    count: int
    last: int


@dataclass(slots=True)
class State:
    """The memory of one program; mutable, owned by one engine.

    rows: the longest chunk there is room for; arena[k,r,i]: row r of symbol i of shard k, `stride`
    symbols each, the last ones of the last unused; section: how many sections there were.
    """

    program: Program
    least_shards: int = 1
    symbols: tuple[str, ...] = ()
    rows: int = 0
    slack: int = 0
    stride: int = 0
    section: int = 0
    session: int | None = None
    arena: Floats = field(default_factory=lambda: np.empty((0, 0, 0)))
    counts: Integers = field(default_factory=_integers)
    last: Integers = field(default_factory=_integers)
    base: Integers = field(default_factory=_integers)
    starts: Integers = field(default_factory=_integers)
    depths: Integers = field(default_factory=_integers)
    cursors: Integers = field(default_factory=_integers)
    fixed_rows: Integers = field(default_factory=_integers)
    away: dict[str, Past] = field(default_factory=dict)

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return len(self.arena)

    def fits(self, symbols: tuple[str, ...], rows: int) -> bool:
        """Tell whether nothing has to be laid out anew."""
        return symbols == self.symbols and rows <= self.rows

    def copy(self) -> "State":
        """Return a state that goes its own way."""
        arrays: dict[str, Any] = {
            each.name: twin(value) if each.name == "arena" else value.copy()
            for each in fields(self)
            if isinstance(value := getattr(self, each.name), np.ndarray)
        }
        return replace(self, **arrays, away=dict(self.away))

    def adopt(self, symbols: tuple[str, ...], rows: int) -> None:
        """Make room for `symbols` in that order and for chunks of `rows`; who is new starts without a past."""
        if self.fits(symbols, rows):
            return
        self.put_aside()
        self.symbols, self.rows = symbols, max(rows, self.rows)
        self._lay_out()
        places = np.array([place for place, symbol in enumerate(symbols) if symbol in self.away], dtype=np.int64)
        if len(places):
            known = [self.away.pop(symbols[place]) for place in places]
            past = self._view()
            past[places // self.stride, :, places % self.stride] = np.stack([each.rows for each in known])
            self._put(past)
            self.counts[places], self.last[places] = [each.count for each in known], [each.last for each in known]

    def put_aside(self) -> None:
        """Keep every symbol's past under its name, and be without symbols."""
        self.away, self.symbols = self.everyone(), ()

    def everyone(self) -> dict[str, Past]:
        """Return the past of every symbol that ever had a bar."""
        if not self.symbols:
            return dict(self.away)
        past = np.ascontiguousarray(self._view().transpose(0, 2, 1)).reshape(
            self.shards * self.stride, self.program.remembered
        )
        here = {
            symbol: Past(past[place], int(self.counts[place]), int(self.last[place]))
            for place, symbol in enumerate(self.symbols)
            if self.counts[place] > 0
        }
        return self.away | here

    def forget(self, who: Booleans) -> None:
        """Let symbols start anew, as if never seen."""
        places = np.flatnonzero(who)
        shard, lane = places // self.stride, places % self.stride
        past = self._view()
        past[shard, :, lane] = nothing(self.program)
        self._put(past)
        self.counts[places], self.last[places] = 0, NEVER

    def histories(self, rows: int) -> Histories:
        """Return where histories lie for a chunk of `rows`, and count which are to be moved back before it."""
        full = self.cursors + rows > self.slack
        rewinds = np.where(full, self.cursors, -1)
        self.cursors = np.where(full, 0, self.cursors)
        return Histories(self.starts, self.depths, self.cursors, rewinds)

    def offsets(self) -> Integers:
        """Return where each operand's run starts in its shard: in the arena or, from SCRATCH on, in scratch."""
        program = self.program
        offsets = self.base.copy()
        offsets[program.depth > 0] += self.cursors * self.stride
        resolved: Integers = offsets[program.root] - program.shift * self.stride
        return resolved

    def move_on(self, rows: int) -> None:
        """Count a chunk's rows as past."""
        self.cursors = self.cursors + rows

    def hold(self) -> Floats:
        """Copy what a look ahead of time would change: recursive states, f8[shard, row, lane]."""
        held: Floats = self.arena[:, self.fixed_rows]
        return held

    def put_back(self, held: Floats) -> None:
        """Undo it."""
        self.arena[:, self.fixed_rows] = held

    def _lay_out(self) -> None:
        """Cut symbols into shards, and give every operand its rows of a new memory."""
        program, symbols = self.program, len(self.symbols)
        shards = max(1, -(-symbols // TILE), min(self.least_shards, symbols // 8))
        self.stride = -(-symbols // shards)
        if shards > 1:
            self.stride = -(-self.stride // 8) * 8
            shards = -(-symbols // self.stride)
        self.slack = max(MIN_SLACK, self.rows)
        deep = program.depth > 0
        rows = np.where(deep, program.depth + self.slack, program.fixed)
        first = np.cumsum(rows) - rows
        short, long = program.slot * self.rows, program.slot * program.long_rows(self.rows) + program.remade
        in_scratch = np.where(program.remade > 0, program.slots * self.rows + long, short)
        base = np.where(program.slot >= 0, in_scratch, first + program.depth) * self.stride
        self.base = base + np.where(program.slot >= 0, SCRATCH, 0)
        self.starts, self.depths = first[deep], program.depth[deep]
        self.fixed_rows = np.flatnonzero(np.repeat(~deep, rows))
        # Each series is moved back at another time, so that no section pays for all.
        self.cursors = np.arange(len(self.starts)) * self.slack // max(1, len(self.starts))
        self.arena = room((shards, int(rows.sum()), self.stride), np.nan)
        self.counts = np.zeros(shards * self.stride, dtype=np.int64)
        self.last = np.full(shards * self.stride, NEVER)
        past = self._view()
        past[:] = nothing(program)[:, np.newaxis]
        self._put(past)

    def _kept_rows(self) -> Integers:
        """Name the rows that last: each series' history, newest last, then recursive states."""
        histories = zip(self.starts + self.cursors, self.depths, strict=True)
        return np.concatenate([*(np.arange(at, at + rows) for at, rows in histories), self.fixed_rows])

    def _view(self) -> Floats:
        """Return what is remembered, f8[shard, row, lane]."""
        view: Floats = self.arena[:, self._kept_rows()]
        return view

    def _put(self, past: Floats) -> None:
        """Write what `_view` gave back."""
        self.arena[:, self._kept_rows()] = past


def nothing(program: Program) -> Floats:
    """Return what is remembered of a symbol never seen: NaN for the past, 0 for recursive states."""
    deep, fixed = int(program.depth.sum()), int(program.fixed.sum())
    return np.concatenate([np.full(deep, np.nan), np.zeros(fixed)])
