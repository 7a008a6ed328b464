"""What an engine remembers of each symbol: the last rows of every series read back, and recursive states.

Symbols are cut into shards of a few hundred, each with its own memory, so that what a program reads of one stays in the
cache. A shard's memory holds, for every series with a past, its rows and `slack` rows to grow into, then recursive
states; the symbols of a row are contiguous, and every symbol's newest own bar lies in the same row: who misses a bar is
moved forward at once, so that kernels never ask who is where. Symbols that leave are kept aside, each alone, as long as
it matters what is known of them.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from common.factors.kernels.build import Booleans, Floats, Integers
from common.factors.kernels.histories import Histories
from common.factors.layout import NOWHERE, Layout, lay_out
from common.factors.past import Past, worth_keeping
from common.factors.program import Program
from common.factors.room import room, twin

NEVER = -(2**62)
"""Section of the last bar of a symbol that had none."""


def _integers() -> Integers:
    return np.empty(0, dtype=np.int64)


@dataclass(slots=True)
class State:
    """The memory of one program; mutable, owned by one engine.

    rows: the longest chunk there is room for; arena[k,r,i]: row r of symbol i of shard k, the last ones of the last
    unused; cursors: how far each series with a past has grown into its slack; section: how many sections there were;
    max_gap: who was away for more of them starts anew, so that nothing has to be known.
    """

    program: Program
    least_shards: int = 1
    max_gap: int | None = None
    symbols: tuple[str, ...] = ()
    rows: int = 0
    section: int = 0
    session: int | None = None
    layout: Layout = NOWHERE
    arena: Floats = field(default_factory=lambda: np.empty((0, 0, 0)))
    counts: Integers = field(default_factory=_integers)
    last: Integers = field(default_factory=_integers)
    cursors: Integers = field(default_factory=_integers)
    away: dict[str, Past] = field(default_factory=dict)

    @property
    def shards(self) -> int:
        """How many shards there are."""
        return self.layout.shards

    @property
    def stride(self) -> int:
        """Symbols of a shard."""
        return self.layout.stride

    @property
    def nbytes(self) -> int:
        """Bytes of memory for all symbols, whether listed or away."""
        listed = self.arena.nbytes + self.counts.nbytes + self.last.nbytes
        return listed + sum(past.nbytes for past in self.away.values())

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
        self.away = {symbol: past.alone() for symbol, past in self.away.items()}

    def put_aside(self) -> None:
        """Keep every symbol's past under its name, and be without symbols."""
        self.away, self.symbols = self.everyone(), ()

    def everyone(self) -> dict[str, Past]:
        """Return the past of every symbol that had a bar and will not start anew with its next one."""
        return worth_keeping(self.away | self._listed(), self.section, self.max_gap)

    def _listed(self) -> dict[str, Past]:
        """Return the pasts of those that are listed; their rows are views of one array."""
        if not self.symbols:
            return {}
        past = np.ascontiguousarray(self._view().transpose(0, 2, 1)).reshape(
            self.shards * self.stride, self.program.remembered
        )
        return {
            symbol: Past(past[place], int(self.counts[place]), int(self.last[place]))
            for place, symbol in enumerate(self.symbols)
            if self.counts[place] > 0
        }

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
        full = self.cursors + rows > self.layout.slack
        rewinds = np.where(full, self.cursors, -1)
        self.cursors = np.where(full, 0, self.cursors)
        return Histories(self.layout.starts, self.layout.depths, self.cursors, rewinds)

    def offsets(self) -> Integers:
        """Return where each operand's run starts in its shard: in the arena or, from SCRATCH on, in scratch."""
        program = self.program
        offsets = self.layout.base.copy()
        offsets[program.depth > 0] += self.cursors * self.stride
        resolved: Integers = offsets[program.root] - program.shift * self.stride
        return resolved

    def move_on(self, rows: int) -> None:
        """Count a chunk's rows as past."""
        self.cursors = self.cursors + rows

    def hold(self) -> Floats:
        """Copy what a look ahead of time would change: recursive states, f8[shard, row, lane]."""
        held: Floats = self.arena[:, self.layout.fixed_rows]
        return held

    def put_back(self, held: Floats) -> None:
        """Undo it."""
        self.arena[:, self.layout.fixed_rows] = held

    def _lay_out(self) -> None:
        """Take new memory, in which nothing is known of anybody."""
        self.layout = lay_out(self.program, len(self.symbols), self.rows, self.least_shards)
        self.cursors = self.layout.cursors()
        self.arena = room(self.layout.shape, np.nan)
        self.counts = np.zeros(self.shards * self.stride, dtype=np.int64)
        self.last = np.full(self.shards * self.stride, NEVER)
        past = self._view()
        past[:] = nothing(self.program)[:, np.newaxis]
        self._put(past)

    def _view(self) -> Floats:
        """Return what is remembered, f8[shard, row, lane]."""
        view: Floats = self.arena[:, self.layout.kept_rows(self.cursors)]
        return view

    def _put(self, past: Floats) -> None:
        """Write what `_view` gave back."""
        self.arena[:, self.layout.kept_rows(self.cursors)] = past


def nothing(program: Program) -> Floats:
    """Return what is remembered of a symbol never seen: NaN for the past, 0 for recursive states."""
    deep, fixed = int(program.depth.sum()), int(program.fixed.sum())
    return np.concatenate([np.full(deep, np.nan), np.zeros(fixed)])
