"""What an engine remembers of each symbol: the last rows of every series read back, and recursive states.

One flat array: for every series with a history its rows and `slack` rows to grow into, then recursive states, then
scratch runs. The symbols of a row are contiguous, and every symbol's newest own bar lies in the same row: who missed
bars is moved forward once it is back, so that kernels never ask who is where. Symbols that leave are kept aside.
"""

from dataclasses import dataclass, field

import numpy as np

from common.factors.kernels.build import Booleans, Floats, Integers
from common.factors.kernels.movement import realign, rewind
from common.factors.program import Program

CHUNK_NUMBERS = 8_192
"""About as many numbers of a series are worked on at a time: a few such runs fit the second-level cache."""

MIN_SLACK = 64


def _integers() -> Integers:
    return np.empty(0, dtype=np.int64)


@dataclass(slots=True)
class State:
    """The memory of one program; mutable, owned by one engine. `rows`: the longest chunk there is room for."""

    program: Program
    symbols: tuple[str, ...] = ()
    rows: int = 0
    slack: int = 0
    cursor: int = 0
    arena: Floats = field(default_factory=lambda: np.empty(0))
    lags: Integers = field(default_factory=_integers)
    counts: Integers = field(default_factory=_integers)
    base: Integers = field(default_factory=_integers)
    moving: Integers = field(default_factory=_integers)
    starts: Integers = field(default_factory=_integers)
    depths: Integers = field(default_factory=_integers)
    away: dict[str, tuple[Floats, int]] = field(default_factory=dict)

    def adopt(self, symbols: tuple[str, ...], rows: int) -> None:
        """Make room for `symbols` in that order and for chunks of `rows`; who is new starts without a past."""
        if symbols == self.symbols and rows <= self.rows:
            return
        past, counts = self._past(symbols)
        self.symbols, self.rows = symbols, max(rows, self.rows)
        self.slack, self.cursor = max(MIN_SLACK, self.rows), 0
        self.counts, self.lags = counts, np.zeros_like(counts)
        self._lay_out()
        if symbols:
            self._remembered()[self._kept_rows()] = past

    def begin(self, rows: int, own: Integers) -> None:
        """Make room for `rows` rows, and bring who has bars among them into step."""
        if self.cursor + rows > self.slack:
            self._align(self.lags > 0)
            rewind.function(self.arena, self.starts, self.depths, self.cursor, len(self.symbols))
            self.cursor = 0
        self._align((self.lags > 0) & (own > 0))

    def end(self, rows: int, own: Integers) -> None:
        """Count a chunk's rows and each symbol's bars among them."""
        self.cursor += rows
        self.lags += rows - own
        self.counts += own

    def offsets(self, first: int, distance: int) -> Integers:
        """Return where each operand's run starts: at least 0 in the arena, -1 - start in the block of factors.

        Factor f's run starts at number first + f * distance there.
        """
        program = self.program
        offsets: Integers = (self.base + self.moving * self.cursor) * len(self.symbols)
        handed_out = program.factor >= 0
        offsets[handed_out] = -1 - first - program.factor[handed_out] * distance
        resolved: Integers = offsets[program.root] - program.shift * len(self.symbols)
        return resolved

    def _align(self, who: Booleans) -> None:
        if not who.any():
            return
        symbols = np.flatnonzero(who)
        lags = self.lags[symbols]
        realign.function(self.arena, self.starts, self.depths, self.cursor, symbols, lags, len(self.symbols))
        self.lags[symbols] = 0

    def _lay_out(self) -> None:
        """Give every operand its rows of a new arena."""
        program = self.program
        deep = program.depth > 0
        room = np.where(deep, program.depth + self.slack, program.fixed)
        first = np.cumsum(room) - room
        lasting = int(room.sum())
        self.base = np.where(program.slot >= 0, lasting + program.slot * self.rows, first + program.depth)
        self.moving = deep.astype(np.int64)
        self.starts, self.depths = first[deep], program.depth[deep]
        self.arena = np.full((lasting + program.slots * self.rows) * len(self.symbols), np.nan)

    def _past(self, symbols: tuple[str, ...]) -> tuple[Floats, Integers]:
        """Return remembered rows and bar counts of `symbols`; put aside those of who is not among them."""
        depth, fixed = int(self.program.depth.sum()), int(self.program.fixed.sum())
        past, counts = np.full((depth + fixed, len(symbols)), np.nan), np.zeros(len(symbols), dtype=np.int64)
        past[depth:] = 0.0
        if self.symbols:
            self._align(self.lags > 0)
            self._hand_over(symbols, past, counts)
        for place, symbol in enumerate(symbols):
            if symbol in self.away:
                past[:, place], counts[place] = self.away.pop(symbol)
        return past, counts

    def _hand_over(self, symbols: tuple[str, ...], past: Floats, counts: Integers) -> None:
        remembered = self._remembered()[self._kept_rows()]
        new_place = {symbol: place for place, symbol in enumerate(symbols)}
        staying = [(place, new_place[symbol]) for place, symbol in enumerate(self.symbols) if symbol in new_place]
        if staying:
            before, after = (list(each) for each in zip(*staying, strict=True))
            past[:, after], counts[after] = remembered[:, before], self.counts[before]
        for place, symbol in enumerate(self.symbols):
            if symbol not in new_place and self.counts[place] > 0:
                self.away[symbol] = (remembered[:, place].copy(), int(self.counts[place]))

    def _remembered(self) -> Floats:
        """View the arena as rows of symbols."""
        return self.arena.reshape(-1, len(self.symbols))

    def _kept_rows(self) -> Integers:
        """Name the rows that last: each series' history, newest last, then recursive states."""
        fixed = self.program.fixed
        histories = zip(self.starts + self.cursor, self.depths, strict=True)
        states = ((self.base[i], fixed[i]) for i in np.flatnonzero(fixed))
        return np.concatenate([_integers(), *(np.arange(at, at + rows) for at, rows in (*histories, *states))])
