"""Which faults strike whom, in which order: drawn from a seed (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from random import Random

from alphabus.endpoints import SERVICES
from common.config import Policy

SHORT_PAUSE_S, LONG_PAUSE_S = (0.05, 2.0), (4.0, 6.0)
"""Bounds of most pauses; and of those in which a link is to turn stale, which takes three seconds."""

MOST_SECTIONS = 12
PACE_S = 0.05


class Fault(StrEnum):
    """What is done to a process."""

    KILL = "kill"
    STOP = "stop"


class Group(StrEnum):
    """Whom a fault may strike, beside a single service."""

    EXECUTOR = "executor"
    ALL = "all five"
    LAUNCHER = "launcher"


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table: a fault and its target (a service, or a group)."""

    fault: Fault
    target: str

    def __str__(self) -> str:
        return f"{self.fault} {self.target}"

    @property
    def victims(self) -> tuple[str, ...]:
        """The services that are struck, or are to come back before all is whole again."""
        return (self.target,) if self.target in SERVICES else () if self.target == Group.EXECUTOR else SERVICES


KINDS: tuple[Kind, ...] = (
    *(Kind(Fault.KILL, name) for name in SERVICES),
    *(Kind(Fault.STOP, name) for name in SERVICES),
    Kind(Fault.KILL, Group.EXECUTOR),
    Kind(Fault.STOP, Group.EXECUTOR),
    Kind(Fault.KILL, Group.ALL),
    Kind(Fault.STOP, Group.ALL),
    Kind(Fault.KILL, Group.LAUNCHER),
)
STOPS = tuple(kind for kind in KINDS if kind.fault is Fault.STOP)


@dataclass(frozen=True, slots=True)
class Strike:
    """Struck `into_s` after the `after`th section that follows the recovery from the strike before.

    By the order of events, not by time: however long things take to come back, each strike has its turn.
    """

    kind: Kind
    after: int
    into_s: float
    pause_s: float
    """How long what is stopped stands still."""

    @property
    def is_long(self) -> bool:
        """Whether it stops somebody for so long that whoever listens to them must say so."""
        return self.kind.fault is Fault.STOP and self.pause_s >= LONG_PAUSE_S[0]


@dataclass(frozen=True, slots=True)
class Round:
    """One run of the market, and all that strikes it."""

    number: int
    policy: Policy
    strikes: tuple[Strike, ...]

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"round-{self.number:04d}"


def draw(seed: int, faults: int, strikes: int) -> tuple[Round, ...]:
    """`faults` strikes, up to `strikes` a round, the policies in turn; under each every kind as often as any other.

    A kind comes again only once all others have come: so nobody in a round of up to four decks dies more often than a
    supervisor's budget allows.
    """
    random = Random(seed)  # noqa: S311  a replayable draw, no secret
    decks = {policy: _strikes(random) for policy in (Policy.WAIT, Policy.DEADLINE)}
    counts = [min(strikes, faults - done) for done in range(0, faults, strikes)]
    return tuple(
        Round(number, policy, tuple(islice(decks[policy], count)))
        for number, count in enumerate(counts, start=1)
        for policy in [tuple(decks)[number % len(decks)]]
    )


def _strikes(random: Random) -> Iterator[Strike]:
    """One deck after the other; in each one stop is long, of somebody else until it was everybody's turn."""
    while True:
        for still in random.sample(STOPS, len(STOPS)):
            for kind in random.sample(KINDS, len(KINDS)):
                into_s = random.uniform(0, PACE_S)
                pause_s = random.uniform(*(LONG_PAUSE_S if kind == still else SHORT_PAUSE_S))
                yield Strike(kind, random.randint(1, MOST_SECTIONS), round(into_s, 4), round(pause_s, 3))
