"""Which plans should be at work: read and compiled beside the loop, so that no live section waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass

from common.errors import PipelineError
from common.models.records import ModelRef
from common.restarts import SECOND
from services.factor_engine.wishes import Wish, Wishes, read_wish

# Told of a version whose plan cannot be had, and why.
Refused = Callable[[ModelRef, str], None]

FIRST_WAIT_NS, LONGEST_WAIT_NS = SECOND, 60 * SECOND
"""A bundle that cannot be read is looked at again after so long, then after twice as long, up to the longest."""


class Planner:
    """Turns the versions that are wanted into plans, each once; what a disk refused is tried again."""

    def __init__(self, wishes: Wishes, room: Executor, refused: Refused, now: Callable[[], int]) -> None:
        """`now`: monotonic, in ns."""
        self._wishes, self._room, self._refused, self._now = wishes, room, refused, now
        self._versions: frozenset[ModelRef] | None = None
        self._reading: dict[ModelRef, Future[Wish]] = {}
        self._found: dict[ModelRef, Wish] = {}
        self._told: set[tuple[ModelRef, str]] = set()
        self._again: dict[ModelRef, _Again] = {}

    @property
    def wanted(self) -> Iterable[Wish]:
        """Plans that are known to be wanted."""
        return self._found.values()

    @property
    def heard(self) -> bool:
        """Whether the registry could be read."""
        return self._versions is not None

    @property
    def settled(self) -> bool:
        """Whether every version's plan is known, or known not to be had."""
        return not self._reading

    @property
    def complete(self) -> bool:
        """Whether no other plan than these can be wanted, as far as the registry goes."""
        if self._versions is None:
            return self._wishes.absent
        return self.settled and not self._again

    def turn(self, at_work: frozenset[str]) -> bool:
        """Look for news and for what was read meanwhile; return whether `wanted` may have changed."""
        versions = self._wishes.news()
        if versions is not None:
            self._want(versions, at_work)
        self._try_again(at_work)
        return self._gather() or versions is not None

    def settle(self, at_work: frozenset[str]) -> None:
        """Wait until everything that is wanted now is known: at start there is nothing to be late for."""
        self.turn(at_work)
        wait(self._reading.values())
        self._gather()

    def _want(self, versions: frozenset[ModelRef], at_work: frozenset[str]) -> None:
        self._versions = versions
        self._found = {ref: wish for ref, wish in self._found.items() if ref in versions}
        self._again.clear()
        for ref in sorted(versions - self._found.keys() - self._reading.keys(), key=str):
            self._read(ref, at_work)

    def _try_again(self, at_work: frozenset[str]) -> None:
        now = self._now()
        for ref, again in self._again.items():
            if now >= again.due_ns and ref not in self._reading:
                self._read(ref, at_work)

    def _read(self, ref: ModelRef, at_work: frozenset[str]) -> None:
        self._reading[ref] = self._room.submit(read_wish, self._wishes.bundles, ref, at_work)

    def _gather(self) -> bool:
        done = [ref for ref, future in self._reading.items() if future.done()]
        for ref in done:
            self._take(ref, self._reading.pop(ref))
        return bool(done)

    def _take(self, ref: ModelRef, future: Future[Wish]) -> None:
        try:
            wish = future.result()
        except Exception as error:  # noqa: BLE001  a bundle's text may break anything, and the others go on
            said = str(error) if isinstance(error, PipelineError) else f"{type(error).__name__}: {error}"
            if (ref, said) not in self._told:
                self._told.add((ref, said))
                self._refused(ref, said)
            last = self._again.pop(ref, None)
            if self._is_wanted(ref) and _is_of_the_disk(error):
                self._again[ref] = _Again.after(last, self._now())
            return
        self._again.pop(ref, None)
        if self._is_wanted(ref):
            self._found[ref] = wish

    def _is_wanted(self, ref: ModelRef) -> bool:
        return self._versions is not None and ref in self._versions


@dataclass(frozen=True, slots=True)
class _Again:
    """When a version is read again, and how long was waited for that."""

    due_ns: int
    wait_ns: int

    @classmethod
    def after(cls, last: _Again | None, now: int) -> _Again:
        wait = FIRST_WAIT_NS if last is None else min(2 * last.wait_ns, LONGEST_WAIT_NS)
        return cls(now + wait, wait)


def _is_of_the_disk(error: BaseException | None) -> bool:
    """Whether reading failed, and not what was read."""
    return error is not None and (isinstance(error, OSError) or _is_of_the_disk(error.__cause__))
