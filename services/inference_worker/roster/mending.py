"""Bundles that could not be loaded: whether somebody has changed their files since."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from alphabus.clock import Clock
from common.models.records import ModelRef
from common.models.signature import place

LOOK_NS = 500_000_000

Print = tuple[tuple[str, int, int, int], ...]
"""Of each file name, inode, size and when it was changed last (ns): enough to see that somebody was there."""


@dataclass(slots=True)
class Watched:
    """A version whose files were `tried`, and `seen` since."""

    ref: ModelRef
    tried: Print
    seen: Print

    def is_to_be_tried(self, now: Print) -> bool:
        """Whether its files differ from those that were tried, and nobody is at them any more."""
        at_rest, self.seen = now == self.seen, now
        if not at_rest or now == self.tried:
            return False
        self.tried = now
        return True


class Mending:
    """Knows the arms that nobody serves, and looks now and then at the files of what each is to be served by."""

    def __init__(self, folder: Callable[[ModelRef], Path], clock: Clock) -> None:
        """`folder` says where a version's bundle lies."""
        self._folder, self._clock = folder, clock
        self._arms: dict[str, Watched | None] = {}
        self._look_ns = 0

    def __contains__(self, arm: object) -> bool:
        """Whether nobody serves the arm."""
        return arm in self._arms

    def watch(self, arm: str, ref: ModelRef | None) -> None:
        """Nobody serves the arm, which is to be served by this, if by anything; its files are as they are now."""
        found = () if ref is None else self._print(ref)
        self._arms[arm] = None if ref is None else Watched(ref, found, found)

    def forget(self, arm: str) -> None:
        """Somebody serves it."""
        self._arms.pop(arm, None)

    def mended(self) -> Mapping[str, ModelRef]:
        """What may be tried again, by arm: each change is told once, when it is over."""
        now = self._clock.monotonic_ns()
        if now < self._look_ns:
            return {}
        self._look_ns = now + LOOK_NS
        watched = {arm: each for arm, each in self._arms.items() if each is not None}
        return {arm: each.ref for arm, each in watched.items() if each.is_to_be_tried(self._print(each.ref))}

    def _print(self, ref: ModelRef) -> Print:
        """Nothing where there is no such folder."""
        folder, files = self._folder(ref), list[Path]()
        with suppress(OSError):
            files += folder.iterdir()
        facts = (_fact(path) for path in (*files, place(folder)))
        return tuple(sorted(fact for fact in facts if fact is not None))


def _fact(path: Path) -> tuple[str, int, int, int] | None:
    try:
        about = path.lstat()
    except OSError:
        return None
    return path.name, about.st_ino, about.st_size, about.st_ctime_ns
