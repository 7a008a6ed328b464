"""Messages made of what a test cares about; everything else gets a plain value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isnan

import numpy as np

from alphabus.messages import (
    Announcement,
    EndOfStream,
    Flag,
    Mode,
    Model,
    Origin,
    Phase,
    Reason,
    Signals,
    Status,
    Universe,
    universe_digest,
)
from alphabus.testing.scripted import Line

JOURNAL = bytes(16)
MODEL = Model("scripted", 1, "0" * 64)
DAY_NS = 86_400_000_000_000


def day_ns(bar: int) -> int:
    """Close time of a daily bar, ns: bar 0 closes at 2020-01-01 00:00 UTC."""
    return 1_577_836_800_000_000_000 + bar * DAY_NS


def universe(symbols: Iterable[str], bar: int = 1, journal: bytes = JOURNAL) -> Universe:
    """The ascending symbols in force from `bar` on."""
    ordered = tuple(sorted(symbols))
    return Universe(journal, bar, universe_digest(ordered), ordered)


def signals(
    bar: int,
    values: Mapping[str, float],
    *,
    arm: str = "champion",
    status: Status = Status.FRESH,
    reason: Reason = Reason.NONE,
    revision: int = 0,
    age: int = 0,
    mode: Mode = Mode.LIVE,
    journal: bytes = JOURNAL,
    model: Model = MODEL,
) -> Signals:
    """A section whose symbols are the keys in ascending order; NaN is flagged `no_bar`, `age` moves the origin back."""
    ordered = tuple(sorted(values))
    column = np.array([values[symbol] for symbol in ordered], dtype="<f8")
    flag = np.array([Flag.NO_BAR if isnan(value) else Flag.OK for value in column], dtype="|u1")
    return Signals(
        journal=journal,
        bar=bar,
        mode=mode,
        time=day_ns(bar),
        stamp=day_ns(bar),
        universe=universe_digest(ordered),
        columns={"signal": column, "flag": flag},
        arm=arm,
        capital=1.0,
        model=model,
        status=status,
        reason=reason,
        revision=revision,
        computed_from=None if status in (Status.VOID, Status.DEFAULT) else Origin(bar - age, day_ns(bar - age)),
        age=age,
    )


def announcement(bar: int, phase: Phase, *, expected: int = 1, due_in_ns: int = 0, mode: Mode = Mode.LIVE) -> Line:
    """The bar feed's word that a section is due, or closed with full coverage."""
    coverage = 1.0 if phase is Phase.CLOSED else 0.0
    message = Announcement(JOURNAL, bar, mode, day_ns(bar), day_ns(bar), phase, expected, due_in_ns, coverage)
    return Line("announcements", message)


def signals_script(
    sections: Sequence[Mapping[str, float]], *, arm: str = "champion", mode: Mode = Mode.LIVE, end: bool = False
) -> list[Line]:
    """Bars 1, 2, 3 ... of one arm with these values, each new list of symbols announced before its first section."""
    topic, lines, known = f"signals/{arm}", list[Line](), tuple[str, ...]()
    for bar, values in enumerate(sections, start=1):
        if known != (known := tuple(sorted(values))):
            lines.append(Line(topic, universe(known, bar)))
        lines.append(Line(topic, signals(bar, values, arm=arm, mode=mode)))
    if end:
        lines.append(Line(topic, EndOfStream(JOURNAL, len(sections), mode)))
    return lines
