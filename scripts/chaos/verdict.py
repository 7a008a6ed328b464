"""What a round did to the promise, beside an undisturbed run (pure): by bar, so that each breach has its strike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from alphabus.messages import Status
from common.config import Policy
from scripts.chaos.campaign import Kind, Round
from scripts.chaos.record import Values

IN_FLIGHT = 3
"""How many sections may be on their way when a strike comes: what is wrong with them is of that strike."""

HEARD = frozenset({"bar_feed", "inference_worker"})
"""Whose silence is a client's business: the one says what is due, the other what came of it."""

Rows = Iterable[Mapping[str, Any]]


@dataclass(slots=True)
class Landed:
    """A strike that hit: the newest bar that was announced then, and how long until all was whole again."""

    kind: Kind
    bar: int
    recovery_ms: float | None = None
    still_ns: int = 0
    """When a stop began that is long enough for a link to turn stale; 0 for any other strike."""

    def is_unsaid(self, warned_ns: int) -> bool:
        """Whether it was such a stop of somebody a client listens to, who warned of nothing since it began."""
        return bool(self.still_ns) and not HEARD.isdisjoint(self.kind.victims) and warned_ns < self.still_ns


@dataclass(frozen=True, slots=True)
class Verdict:
    """One round's breaches, each by its bar; there are to be none."""

    fought: Round
    landed: Sequence[Landed]
    lost: tuple[int, ...] = ()
    duplicates: tuple[int, ...] = ()
    differing: tuple[int, ...] = ()
    unmarked: tuple[int, ...] = ()
    trouble: str = ""

    @property
    def clean(self) -> bool:
        """Whether every promise held, and every strike landed."""
        broken = (self.lost, self.duplicates, self.differing, self.unmarked, self.trouble)
        return not any(broken) and len(self.landed) == len(self.fought.strikes)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: all strikes of one kind, and what is wrong with the sections after each."""

    fault: str
    planned: int
    landed: int
    lost: int
    duplicates: int
    differing: int
    unmarked: int
    recovery_p50_ms: float | None
    recovery_max_ms: float | None

    def figures(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def missing(rows: Rows, bars: Iterable[int]) -> Iterator[int]:
    """Bars without a signal on record."""
    there = {row["bar"] for row in rows}
    return (bar for bar in bars if bar not in there)


def undelivered(rows: Rows, seen: Collection[tuple[int, int]], bars: range) -> Iterator[int]:
    """Bars of sections that are on record, and that a client never got: of the first it got and all after it."""
    first = min((bar for bar, _ in seen), default=bars.start)
    wanted = range(max(first, bars.start), bars.stop)
    return (row["bar"] for row in rows if row["bar"] in wanted and (row["bar"], row["revision"]) not in seen)


def repeated(rows: Rows) -> Iterator[int]:
    """Bars that stand on record more than once under one (arm, bar, revision)."""
    counts = Counter((row["arm"], row["bar"], row["revision"]) for row in rows)
    return (bar for (_, bar, _), count in counts.items() for _ in range(count - 1))


def differing(values: Values, oracle: Values, policy: Policy, bars: Collection[int]) -> Iterator[int]:
    """Bars of values whose bits are not the oracle's; under `wait` each of the oracle's of `bars` must be there."""
    yield from (place[0] for place, bits in values.items() if bits != oracle.get(place))
    if policy is Policy.WAIT:
        yield from (place[0] for place in oracle if place[0] in bars and place not in values)


def dishonest(rows: Rows) -> Iterator[int]:
    """Bars of sections whose status, reason and age contradict one another."""
    fresh = (Status.FRESH.value, Status.LATE.value)
    return (row["bar"] for row in rows if (row["status"] in fresh) != (row["reason"] == "" and row["age"] == 0))


def blamed(bar: int, landed: Sequence[Landed]) -> Kind | None:
    """What struck last before a bar, or while it was on its way; None before the first strike."""
    struck = [strike.kind for strike in landed if strike.bar <= bar + IN_FLIGHT]
    return struck[-1] if struck else None


def summarise(verdicts: Sequence[Verdict]) -> list[Line]:
    """One line a kind, by name; what broke before anything was struck has a line of its own."""
    planned = Counter(strike.kind for verdict in verdicts for strike in verdict.fought.strikes)
    lines = [_line(kind, count, verdicts) for kind, count in sorted(planned.items(), key=lambda item: str(item[0]))]
    before = _line(None, 0, verdicts)
    return [*lines, before] if before.lost or before.duplicates or before.differing or before.unmarked else lines


def _line(kind: Kind | None, planned: int, verdicts: Sequence[Verdict]) -> Line:
    def count(bars_of: Callable[[Verdict], Iterable[int]]) -> int:
        return sum(blamed(bar, verdict.landed) == kind for verdict in verdicts for bar in bars_of(verdict))

    struck = [strike for verdict in verdicts for strike in verdict.landed if strike.kind == kind]
    spent = [strike.recovery_ms for strike in struck if strike.recovery_ms is not None]
    return Line(
        fault="nothing yet" if kind is None else str(kind),
        planned=planned,
        landed=len(struck),
        lost=count(lambda verdict: verdict.lost),
        duplicates=count(lambda verdict: verdict.duplicates),
        differing=count(lambda verdict: verdict.differing),
        unmarked=count(lambda verdict: verdict.unmarked),
        recovery_p50_ms=round(float(np.median(spent)), 1) if spent else None,
        recovery_max_ms=round(max(spent), 1) if spent else None,
    )
