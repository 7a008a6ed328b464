"""Which fault strikes whom, when: drawn from a seed (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random

from alphabus.endpoints import SERVICES
from common.config import Policy

LONGEST_PAUSE_S = 2.0


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


KINDS: tuple[Kind, ...] = (
    *(Kind(Fault.KILL, name) for name in SERVICES),
    *(Kind(Fault.STOP, name) for name in SERVICES),
    Kind(Fault.KILL, Group.EXECUTOR),
    Kind(Fault.STOP, Group.EXECUTOR),
    Kind(Fault.KILL, Group.ALL),
    Kind(Fault.STOP, Group.ALL),
    Kind(Fault.KILL, Group.LAUNCHER),
)


@dataclass(frozen=True, slots=True)
class Strike:
    """Once `at` replayed sections went out the fault strikes; a stop lasts `pause_s`."""

    at: int
    pause_s: float


@dataclass(frozen=True, slots=True)
class Round:
    """One run of the market under one kind of fault."""

    number: int
    kind: Kind
    policy: Policy
    strikes: tuple[Strike, ...]

    @property
    def name(self) -> str:
        """Name of its folder."""
        return f"round-{self.number:04d}"


def draw(seed: int, faults: int, strikes: int, sections: int) -> tuple[Round, ...]:
    """At least `faults` strikes, `strikes` a round, over every kind and both policies in turn."""
    random = Random(seed)  # noqa: S311  a replayable draw, no secret
    needed = -(-faults // strikes)
    deck = [(kind, policy) for kind in KINDS for policy in (Policy.WAIT, Policy.DEADLINE)]
    dealt: list[tuple[Kind, Policy]] = []
    while len(dealt) < needed:
        random.shuffle(deck)
        dealt += deck
    return tuple(
        Round(number, kind, policy, _strikes(random, strikes, sections))
        for number, (kind, policy) in enumerate(dealt[:needed], start=1)
    )


def _strikes(random: Random, count: int, sections: int) -> tuple[Strike, ...]:
    """At random places of the first nine tenths: the last tenth is to see the end of what they did."""
    places = sorted(random.sample(range(1, sections * 9 // 10), count))
    return tuple(Strike(place, round(random.uniform(0.05, LONGEST_PAUSE_S), 3)) for place in places)
