"""What is promised of a run's record, whatever happened to it (pure): a list of what is not so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from typing import Any

import numpy as np

from alphabus.messages import Flag, Reason, Signals, Status

COMPUTED = (Status.FRESH, Status.LATE)
VOID = (Reason.NOTHING_YET, Reason.MAX_AGE, Reason.HALTED)

Said = tuple[Any, ...]
"""A section to the bit: bar, revision, status, reason and age, then all that it says."""

Values = Mapping[int, Collection[tuple[bytes, ...]]]
"""Of each bar, what undisturbed runs computed: one of all bars, and those that begin with a later one."""


def undisturbed(record: Sequence[Said], calm: Sequence[Said]) -> Iterator[str]:
    """The record is that of a run that nothing happened to, to the bit; the first section that is not is told."""
    for place, (one, other) in enumerate(zip_longest(record, calm)):
        if one != other:
            yield f"section {place + 1}: {_brief(one)}, undisturbed {_brief(other)}{_differing(one, other)}"
            return


def _brief(section: Said | None) -> str:
    return "none" if section is None else " ".join(str(word) for word in section[:5])


def _differing(one: Said | None, other: Said | None) -> str:
    """Which fields differ, by their place, as far as nobody sees it in the brief form."""
    if one is None or other is None or one[:5] != other[:5]:
        return ""
    return f"; fields {[(place, a, b) for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]}"


def content(signals: Signals) -> tuple[bytes, ...]:
    """Values and flags, and whose they are."""
    return signals.universe, signals.columns["signal"].tobytes(), signals.columns["flag"].tobytes()


def computed(*records: Sequence[Signals]) -> Values:
    """What runs computed."""
    found = defaultdict[int, set[tuple[bytes, ...]]](set)
    for signals in chain(*records):
        if signals.age == 0 and signals.status in COMPUTED:
            found[signals.bar].add(content(signals))
    return found


def once_and_in_order(record: Sequence[Signals], bars: Sequence[int]) -> Iterator[str]:
    """Each section has one first word, in order; a second one only as revision 1 of what was not computed in time."""
    first = [signals.bar for signals in record if not signals.revision]
    if first != list(bars):
        yield f"bars {first} instead of {list(bars)}"
    before: Signals | None = None
    for signals in record:
        if signals.revision and not (
            before is not None
            and (signals.status, signals.revision) == (Status.LATE, 1)
            and (before.bar, before.revision) == (signals.bar, 0)
            and before.status in (Status.HELD, Status.VOID)
        ):
            yield f"bar {signals.bar}: revision {signals.revision}, {signals.status}"
        before = signals


def honest(record: Sequence[Signals], oracle: Mapping[int, Values], most_bars: int) -> Iterator[str]:
    """What a section says of itself is so: status, age, and the bits of the version that spoke, at the bar it names."""
    for signals in record:
        if signals.status is Status.VOID:
            if signals.reason not in VOID or not np.isnan(signals.values).all():
                yield f"bar {signals.bar}: void ({signals.reason}) with {signals.values}"
            continue
        origin, version = signals.computed_from, signals.model.version
        if version not in oracle and (signals.columns["flag"] != Flag.OK).all():
            continue  # nobody has a value: what a bad model would have said of them is not said
        if origin is None or version not in oracle:
            yield f"bar {signals.bar}: of version {version}, computed from {origin}"
            continue
        if not (signals.age == signals.bar - origin.bar <= most_bars):
            yield f"bar {signals.bar}: age {signals.age}, computed from {origin.bar}"
        if (signals.age == 0) != (signals.status in COMPUTED):
            yield f"bar {signals.bar}: {signals.status} of age {signals.age}"
        if content(signals) not in oracle[version].get(origin.bar, ()):
            yield f"bar {signals.bar}: not the bits of version {version} at bar {origin.bar}"


def on_time(record: Iterable[Signals], calm: Sequence[Signals]) -> Iterator[str]:
    """Under `wait` nothing is held but what an undisturbed run holds."""
    expected = {signals.bar: (signals.status, signals.reason) for signals in calm}
    for signals in record:
        if (signals.status, signals.reason) != expected.get(signals.bar):
            yield f"bar {signals.bar}: {signals.status} ({signals.reason}), undisturbed {expected.get(signals.bar)}"


def refused(count: int, damaged: int, examples: Collection[str]) -> Iterator[str]:
    """No message was refused but those that were damaged."""
    if count > damaged:
        yield f"{count} messages refused, {damaged} were damaged: {sorted(set(examples))[:3]}"


def remembered(cuts: Collection[int], refusals: int, *, excused: bool) -> Iterator[str]:
    """However little is kept, nobody asks for what is gone: unless a state was damaged, or the numbering began anew."""
    if cuts and not excused:
        yield f"the past of a plan began with bars {sorted(cuts)}, though nothing was damaged"
    if refusals and not excused:
        yield f"the feed was asked {refusals} times for what is not on record, though nothing was damaged"
