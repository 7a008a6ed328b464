"""What may go wrong on a link of the memory bus: handed in, seeded, and stopped when the test says so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random
from typing import Literal, Protocol

from alphabus.sockets import Parts

End = Literal["live", "request", "answer"]


@dataclass(frozen=True, slots=True)
class Link:
    """One direction between a bound channel and its `peer`, counted from 1 in the order they connected."""

    end: End
    address: str
    peer: int


class Mischief(Protocol):
    """Stands between the two ends of every link."""

    def through(self, link: Link, frames: Parts) -> Iterable[Parts]:
        """The messages that arrive now, in order, because `frames` was sent: none, one, or several."""
        ...


class Calm:
    """Everything arrives, once, in order."""

    def through(self, _link: Link, frames: Parts) -> Iterable[Parts]:
        """Just these frames."""
        return (frames,)


class SeededMischief:
    """Drops on every link; on live links also duplicates, delays and so reorders (an asked link is one stream)."""

    def __init__(self, random: Random, *, drop: float = 0.0, duplicate: float = 0.0, delay: float = 0.0) -> None:
        """Take the chance of each fault, per message."""
        self._random, self._drop, self._duplicate, self._delay = random, drop, duplicate, delay
        self._held: dict[Link, list[Parts]] = {}

    def calm(self) -> None:
        """Stop; what was delayed arrives with the next message of its link."""
        self._drop = self._duplicate = self._delay = 0.0

    def through(self, link: Link, frames: Parts) -> Iterable[Parts]:
        """What the dice leave of it, and what they held back before."""
        if self._chance(self._drop):
            return ()
        if link.end != "live":
            return (frames,)
        held = self._held.setdefault(link, [])
        arriving = self._released(held)
        if self._chance(self._delay):
            held.append(frames)
            return arriving
        return [frames, *arriving, *([frames] if self._chance(self._duplicate) else [])]

    def _released(self, held: list[Parts]) -> list[Parts]:
        released = [frames for frames in held if not self._chance(self._delay)]
        held[:] = [frames for frames in held if frames not in released]
        return released

    def _chance(self, share: float) -> bool:
        return share > 0.0 and self._random.random() < share
