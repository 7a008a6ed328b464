"""Who is in: the symbols tracked, expected and member as sections come, from nothing but the sections before."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphabus.columns import MAX_SYMBOLS
from common.market.constituents import Constituents, Seats

CROWDED = "too_many_symbols"
"""Why a bar stays out whose symbol finds no place."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Roll:
    """A section's symbols: masks over `tracked` (ascending). `coverage`: present share of those expected before it."""

    tracked: tuple[str, ...]
    present: Mask
    expected: Mask
    member: Mask
    coverage: float
    partial: bool


class Membership:
    """Follows sections; a symbol leaves `expected` after more than `patience_bars` unseen bars, and comes back if seen.

    A partial section (coverage below `min_coverage`: a holiday stub, an outage) is no evidence that a symbol has gone.
    It counts as an unseen bar only when more than `patience_bars` partial ones come in a row: then the market shrank.

    Members are those expected and, where there are `constituents`, named by them as of the section. Everyone else is
    tracked all the same, so that a joiner is warm before it is a member; with `forget_bars` only until it is not
    expected and had no bar in more sections than that, partial or not. Who is expected does not depend on it.

    There are `most` places. Whoever is `homeless` is to be left out of the section that is observed.
    """

    def __init__(
        self,
        patience_bars: int = 20,
        min_coverage: float = 0.5,
        constituents: Constituents | None = None,
        forget_bars: int | None = None,
        most: int = MAX_SYMBOLS,
    ) -> None:
        self.most = most
        self._patience = patience_bars
        self._min_coverage = min_coverage
        self._constituents = constituents
        self._forget = forget_bars
        self._seats: Seats | None = None
        self._tracked: tuple[str, ...] = ()
        self._places: dict[str, int] = {}
        self._unseen = np.zeros(0, np.int64)
        self._silent = np.zeros(0, np.int64)  # sections since its last bar, those that count as unseen bars or not
        self._partial_run = 0

    @property
    def tracked(self) -> tuple[str, ...]:
        """The symbols that have a place, ascending."""
        return self._tracked

    @property
    def expected(self) -> tuple[str, ...]:
        """The symbols the next section should hold, ascending."""
        return tuple(self._tracked[place] for place in np.flatnonzero(self._unseen <= self._patience))

    @property
    def expected_count(self) -> int:
        """How many these are, without naming them."""
        return int(np.count_nonzero(self._unseen <= self._patience))

    def homeless(self, symbols: Sequence[str]) -> tuple[str, ...]:
        """Who of the next section finds no place: of the new ones, ascending, those beyond the places that are free."""
        free = max(self.most - len(self._tracked), 0)
        return () if len(symbols) <= free else tuple(self._new(symbols)[free:])

    def leaves_room(self, symbols: Sequence[str]) -> bool:
        """Whether a place stays free once these are tracked, too."""
        return len(self._tracked) + len(self._new(symbols)) < self.most

    def observe(self, present_symbols: Sequence[str], stamp: int | None = None) -> Roll:
        """Take the next section's symbols, in any order; repeats count once. Constituents need its `stamp` (ns)."""
        self.admit(present_symbols)
        due = self._unseen <= self._patience
        present = self._mask(present_symbols)
        coverage = float(np.count_nonzero(present & due) / np.count_nonzero(due)) if due.any() else 1.0
        present = self._pass(present, coverage)
        expected = self._unseen <= self._patience
        members = self._members(expected, stamp)
        return Roll(self._tracked, present, expected, members, coverage, coverage < self._min_coverage)

    def recall(self, present_symbols: Sequence[str], coverage: float) -> None:
        """Take a section on record by the coverage it had: who was due before the record begins is not known here."""
        self.admit(present_symbols)
        self._pass(self._mask(present_symbols), coverage)

    def fit(self) -> None:
        """Keep no more than there are places, the longest silent leave first.

        To be asked once a record is taken: under rules that forget later it names more than were ever tracked at once.
        """
        if len(self._tracked) > self.most:
            order = np.lexsort((self._silent, self._unseen > self._patience))
            kept = np.zeros(len(self._tracked), np.bool_)
            kept[order[: self.most]] = True
            self._keep(kept)

    def _pass(self, present: Mask, coverage: float) -> Mask:
        """Let a section be past; returns who had a bar in it, among those that are tracked from here on."""
        self._age(present, partial=coverage < self._min_coverage)
        if self._forget is None:
            return present
        kept = (self._unseen <= self._patience) | (self._silent <= self._forget)
        self._keep(kept)
        return present[kept]

    def _members(self, expected: Mask, stamp: int | None) -> Mask:
        if self._constituents is None:
            return expected.copy()
        if stamp is None:
            raise ValueError("who is a constituent depends on the section's stamp: give it")
        if self._seats is None:
            self._seats = self._constituents.among(self._tracked)
        members: Mask = expected & self._seats.members(np.array([stamp], np.int64))[0]
        return members

    def admit(self, symbols: Sequence[str]) -> None:
        """Track symbols; one that was not tracked counts as long gone until it is seen."""
        new = self._new(symbols)
        if not new:
            return
        # Nobody waited for a newcomer: it counts as long gone until it is marked present.
        unseen, silent = np.full(len(new), self._patience + 1), np.zeros(len(new), np.int64)
        names = (*self._tracked, *new)
        order = sorted(range(len(names)), key=names.__getitem__)
        self._unseen = np.concatenate([self._unseen, unseen])[order]
        self._silent = np.concatenate([self._silent, silent])[order]
        self._list([names[place] for place in order])

    def _new(self, symbols: Sequence[str]) -> list[str]:
        return sorted(set(symbols).difference(self._places))

    def _keep(self, mask: Mask) -> None:
        """Track nobody else."""
        if mask.all():
            return
        self._unseen, self._silent = self._unseen[mask], self._silent[mask]
        self._list([self._tracked[place] for place in np.flatnonzero(mask)])

    def _list(self, symbols: Sequence[str]) -> None:
        self._tracked, self._seats = tuple(symbols), None
        self._places = {symbol: place for place, symbol in enumerate(self._tracked)}

    def _mask(self, symbols: Sequence[str]) -> Mask:
        mask = np.zeros(len(self._tracked), np.bool_)
        mask[[self._places[symbol] for symbol in symbols]] = True
        return mask

    def _age(self, present: Mask, *, partial: bool) -> None:
        self._partial_run = self._partial_run + 1 if partial else 0
        if not partial or self._partial_run > self._patience:
            self._unseen += 1
        self._silent += 1
        self._unseen[present] = self._silent[present] = 0
