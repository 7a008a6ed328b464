"""What goes wrong on the links: beside what the memory bus can do itself, messages that are damaged on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from random import Random

from alphabus.codec import decode
from alphabus.errors import DecodeError
from alphabus.sockets import Parts
from alphabus.testing import Link, SeededMischief
from tests.simulation.fate import Chances


class Weather:
    """Loses, repeats, delays and damages messages; counts what it did."""

    def __init__(self, dice: Random, chances: Chances, tally: Counter[str]) -> None:
        self._dice, self._corrupt, self._tally = dice, chances.corrupt, tally
        self._lull = False
        self._said: dict[tuple[str, bytes], Parts] = {}
        self._inner = SeededMischief(dice, drop=chances.drop, duplicate=chances.duplicate, delay=chances.delay)

    def calm(self) -> None:
        """Stop; what was delayed arrives with the next message of its link."""
        self._corrupt = 0.0
        self._inner.calm()

    def last_words(self, address: str) -> list[Parts]:
        """What was sent last on each topic of a live end, as it was sent."""
        return [frames for (where, _), frames in self._said.items() if where == address]

    @contextmanager
    def lull(self) -> Iterator[None]:
        """Within it whatever is sent arrives, once and whole; what was held back goes on waiting."""
        self._lull = True
        try:
            yield
        finally:
            self._lull = False

    def through(self, link: Link, frames: Parts) -> Iterable[Parts]:
        """What arrives of it, and of what was held back before."""
        if link.end == "live":
            self._said[link.address, bytes(frames[0])] = frames
        if self._lull:
            return [frames]
        arriving = list(self._inner.through(link, frames))
        if len(arriving) != 1:
            self._tally["message lost or late" if not arriving else "message repeated or out of turn"] += 1
        return [self._damaged(link, each) for each in arriving]

    def _damaged(self, link: Link, frames: Parts) -> Parts:
        if self._dice.random() >= self._corrupt:
            return frames
        self._tally["message damaged"] += 1
        ahead = 1 if link.end == "request" else 0  # a responder's first frame says who asks: the socket wrote it
        return [*frames[:ahead], *damaged([bytes(frame) for frame in frames[ahead:]], self._dice.getrandbits(64))]


def damaged(frames: list[bytes], seed: int) -> list[bytes]:
    """The message with something wrong that a reader can find: what still reads as a message is damaged further.

    By dice of its own: how long that takes depends on process ids and other things that no seed decides.
    """
    dice = Random(seed)  # noqa: S311  dice, not secrets
    while _reads(frames):
        frames = dice.choice((_cut, _flipped, _noise, _one_less, _one_more))(frames, dice)
    return frames


def _reads(frames: list[bytes]) -> bool:
    try:
        decode(frames)
    except DecodeError:
        return False
    return True


def _cut(frames: list[bytes], dice: Random) -> list[bytes]:
    place = dice.randrange(len(frames))
    return [*frames[:place], frames[place][: dice.randrange(len(frames[place]) + 1)], *frames[place + 1 :]]


def _flipped(frames: list[bytes], dice: Random) -> list[bytes]:
    topic, header, *body = frames
    bit = dice.randrange(8 * len(header))
    changed = bytearray(header)
    changed[bit // 8] ^= 1 << bit % 8
    return [topic, bytes(changed), *body]


def _noise(frames: list[bytes], dice: Random) -> list[bytes]:
    return [dice.randbytes(len(frame)) for frame in frames]


def _one_less(frames: list[bytes], dice: Random) -> list[bytes]:
    place = dice.randrange(len(frames))
    return frames[:place] + frames[place + 1 :]


def _one_more(frames: list[bytes], dice: Random) -> list[bytes]:
    return [*frames, dice.randbytes(8)]
