"""One opinion of all arms: ranks within the section, weighted by capital (pure)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Flag, Model, Origin, Reason, Signals, Status

ARM = "blend"
SPEAKING = (Status.FRESH, Status.HELD)  # what is void or a default is nobody's opinion of this market
ROUNDING = 1e-12

Floats = NDArray[np.float64]
Symbols = Callable[[bytes], tuple[str, ...]]
"""The ordered symbols of a universe, by its digest."""


class Blend:
    """Collects what the arms with capital say first of each bar, and says one section of all of it."""

    def __init__(self, capital: Mapping[str, float], symbols: Symbols, *, deadline: bool = False) -> None:
        """`deadline`: whether a section's time passes; what a restart kept from being said may then be too late."""
        self._symbols, self._deadline = symbols, deadline
        self._newest = {arm: 0 for arm, share in capital.items() if share > 0.0}
        self._said: dict[int, dict[str, Signals]] = {}
        self.last_bar = 0
        self._first: dict[str, int] = {}
        """Of each arm the first bar that is known whole, as long as no word of the blend itself was recalled."""
        self._has_record = False
        self._recalled = set[int]()  # bars of which some arm's word was said before a restart

    def add(self, signals: Signals, *, overdue: bool = False) -> list[Signals]:
        """Take an arm's section; return the blends it completes, in order. Shadows and revisions change nothing.

        `overdue`: it comes well behind its deadline, and with it what it completes.

        An arm that is past a bar without a word of it, because that was before a restart, is not waited for. But
        where the blend has no record, it begins with the first bar of which every arm's word is known.
        """
        self._begin()
        if signals.arm not in self._newest or signals.revision or signals.bar <= self.last_bar:
            return []
        self._said.setdefault(signals.bar, {})[signals.arm] = signals
        self._newest[signals.arm] = max(self._newest[signals.arm], signals.bar)
        in_time = signals.bar if signals.status is Status.FRESH else None
        return list(self._completed(in_time, overdue=overdue))

    def recall(self, signals: Signals) -> None:
        """After a restart, in any order: what an arm, or the blend itself, said last; a revision says nothing new."""
        if signals.arm == ARM:
            self.last_bar, self._has_record = signals.bar, True
            self._said = {bar: said for bar, said in self._said.items() if bar > signals.bar}
        elif signals.arm in self._newest:
            self._newest[signals.arm] = max(self._newest[signals.arm], signals.bar)
            known = signals.bar + (signals.revision > 0)
            self._first[signals.arm] = min(self._first.get(signals.arm, known), known)
            if signals.bar > self.last_bar and not signals.revision:
                self._said.setdefault(signals.bar, {})[signals.arm] = signals
                self._recalled.add(signals.bar)

    def resume(self) -> list[Signals]:
        """Return, once all is recalled, the blends a restart kept from being said: nobody knows how late they are."""
        self._begin()
        return list(self._completed(None))

    def forget(self) -> None:
        """Another journal: its numbers mean other sections."""
        self._said.clear()
        self._recalled.clear()
        self._first.clear()
        self._newest = dict.fromkeys(self._newest, 0)
        self.last_bar, self._has_record = 0, False

    def _begin(self) -> None:
        if self._first and not self._has_record:
            self.last_bar = max(self._first.values()) - 1
            self._said = {bar: said for bar, said in self._said.items() if bar > self.last_bar}
        self._first.clear()

    def _completed(self, in_time: int | None, *, overdue: bool = False) -> Iterator[Signals]:
        """What all arms have spoken of or are past, in order; of `in_time` a word has come just now, and in time."""
        done = sorted(bar for bar in self._said if bar <= min(self._newest.values()))
        self.last_bar = max([self.last_bar, *done])
        for bar in done:
            said = self._said.pop(bar)
            composed = compose([said[arm] for arm in self._newest if arm in said], self._symbols)
            may_be_late = overdue or (bar in self._recalled and bar != in_time)
            yield too_late(composed) if self._deadline and may_be_late else composed
            self._recalled.discard(bar)


def compose(parts: Sequence[Signals], symbols: Symbols) -> Signals:
    """Blend the sections of one bar, in the order of the arms.

    It is `fresh` when all that speak are; else `held`, with origin, age and reason of the oldest that speaks.
    """
    speaking = [part for part in parts if part.status in SPEAKING]
    if not speaking:
        return _nothing(parts)
    lead = max(speaking, key=_origin_bar)
    values = _weighed(speaking, symbols, symbols(lead.universe))
    # Who has left is no matter of opinion: what is held of it is from before.
    values[lead.columns["flag"] == Flag.NOT_MEMBER] = np.nan
    flags = np.where(np.isnan(values), np.where(lead.columns["flag"] == Flag.OK, Flag.GATED, lead.columns["flag"]), 0)
    oldest = min(speaking, key=_origin_bar)
    return _section(lead, oldest, speaking, (oldest.status, oldest.reason), {"signal": values, "flag": flags})


def too_late(said: Signals) -> Signals:
    """What goes out instead of a fresh section whose deadline may have passed: nothing, as from an arm.

    Its values do not follow as a revision: the word from before the restart may be on its way still, and count.
    """
    if said.status is not Status.FRESH:
        return said
    return _silent(replace(said, computed_from=None), Reason.NOTHING_YET)


def ranks(values: Floats) -> Floats:
    """Centred ranks f8[S] in (-0.5, 0.5), equal values sharing theirs; NaN stays NaN."""
    ranked = np.full(len(values), np.nan)
    there = np.isfinite(values)
    _, place, counts = np.unique(values[there], return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2.0
    size = int(np.count_nonzero(there))
    ranked[there] = (middle[place] - (size + 1) / 2.0) / max(size, 1)
    return ranked


def _weighed(speaking: Sequence[Signals], symbols: Symbols, names: tuple[str, ...]) -> Floats:
    """Mean rank by capital of those who have one, f8[S]; NaN where less than half of the capital has an opinion."""
    opinion, total = np.zeros(len(names)), np.zeros(len(names))
    for part in speaking:
        ranked = _aligned(ranks(part.values.astype(np.float64)), symbols(part.universe), names)
        has = np.isfinite(ranked)
        opinion[has] += part.capital
        total[has] += part.capital * ranked[has]
    enough = opinion >= 0.5 * sum(part.capital for part in speaking) - ROUNDING
    values: Floats = np.divide(total, opinion, out=np.full(len(names), np.nan), where=enough & (opinion > 0.0))
    return values


def _aligned(values: Floats, own: tuple[str, ...], names: tuple[str, ...]) -> Floats:
    if own == names:
        return values
    by_name = dict(zip(own, values.tolist(), strict=True))
    return np.array([by_name.get(name, np.nan) for name in names])


def _origin_bar(part: Signals) -> int:
    return part.bar - part.age


def _nothing(parts: Sequence[Signals]) -> Signals:
    """No arm has an opinion: void, for the reason of the one with the most capital that says why."""
    silent = [part for part in parts if part.status is Status.VOID]
    first = max(silent, key=lambda part: part.capital, default=parts[0])
    return _silent(first, first.reason if silent else Reason.NOTHING_YET)


def _silent(section: Signals, reason: Reason) -> Signals:
    size = len(section.values)
    columns = {"signal": np.full(size, np.nan), "flag": np.full(size, Flag.GATED)}
    return _section(section, section, (), (Status.VOID, reason), columns)


def _section(
    lead: Signals, oldest: Signals, speaking: Sequence[Signals], how: tuple[Status, Reason],
    columns: Mapping[str, NDArray[np.float64] | NDArray[np.int_]],
) -> Signals:  # fmt: skip
    origin: Origin | None = oldest.computed_from
    return Signals(
        lead.journal, lead.bar, lead.mode, lead.time, lead.stamp, lead.universe,
        {"signal": columns["signal"].astype(np.float64), "flag": columns["flag"].astype(np.uint8)},
        ARM, min(sum((part.capital for part in speaking), 0.0), 1.0), _model(speaking), *how, 0, origin, oldest.age,
    )  # fmt: skip


def _model(speaking: Sequence[Signals]) -> Model:
    """Whose opinions these are: the digest is over the models and their capital."""
    said = [f"{part.arm} {part.capital!r} {part.model.digest}" for part in speaking]
    return Model(ARM, 1, hashlib.sha256("\n".join(said).encode("ascii")).hexdigest())
