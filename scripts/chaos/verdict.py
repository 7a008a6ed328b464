"""What a round did to the promise, beside an undisturbed run (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from alphabus.messages import Status
from common.config import Policy

Values = Mapping[tuple[int, str], bytes]


@dataclass(frozen=True, slots=True)
class Verdict:
    """One round's figures; all four counts are to be zero."""

    kind: str
    policy: Policy
    strikes: int
    lost: int
    duplicates: int
    differing: int
    unmarked: int
    recoveries_ms: tuple[float, ...] = ()
    trouble: str = ""

    @property
    def clean(self) -> bool:
        """Whether every promise held."""
        return not (self.lost or self.duplicates or self.differing or self.unmarked or self.trouble)


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: all rounds of one kind."""

    fault: str
    rounds: int
    strikes: int
    lost: int
    duplicates: int
    differing: int
    unmarked: int
    recovery_p50_ms: float | None
    recovery_max_ms: float | None
    troubles: list[str] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def repeated(rows: Iterable[Mapping[str, Any]]) -> int:
    """Sections that stand on record more than once under one (arm, bar, revision)."""
    counts = Counter((row["arm"], row["bar"], row["revision"]) for row in rows)
    return sum(count - 1 for count in counts.values())


def differing(values: Values, oracle: Values, policy: Policy) -> int:
    """Values whose bits are not the oracle's; under `wait` each of the oracle's must be there."""
    wrong = sum(bits != oracle.get(place) for place, bits in values.items())
    return wrong + (sum(place not in values for place in oracle) if policy is Policy.WAIT else 0)


def dishonest(rows: Iterable[Mapping[str, Any]]) -> int:
    """Sections whose status, reason and age contradict one another."""
    fresh = (Status.FRESH.value, Status.LATE.value)
    return sum((row["status"] in fresh) != (row["reason"] == "" and row["age"] == 0) for row in rows)


def summarise(verdicts: Iterable[Verdict]) -> list[Line]:
    """One line a kind, in the order they were first met."""
    kinds: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        kinds.setdefault(verdict.kind, []).append(verdict)
    return [_line(kind, found) for kind, found in sorted(kinds.items())]


def _line(kind: str, found: list[Verdict]) -> Line:
    spent = [each for verdict in found for each in verdict.recoveries_ms]
    return Line(
        fault=kind,
        rounds=len(found),
        strikes=sum(verdict.strikes for verdict in found),
        lost=sum(verdict.lost for verdict in found),
        duplicates=sum(verdict.duplicates for verdict in found),
        differing=sum(verdict.differing for verdict in found),
        unmarked=sum(verdict.unmarked for verdict in found),
        recovery_p50_ms=round(float(np.median(spent)), 1) if spent else None,
        recovery_max_ms=round(max(spent), 1) if spent else None,
        troubles=[verdict.trouble for verdict in found if verdict.trouble],
    )
