"""Which plans should be at work: read and compiled beside the loop, so that no live section waits for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future, wait

from common.errors import PipelineError
from common.models.records import ModelRef
from services.factor_engine.wishes import Wish, Wishes, read_wish

# Told of a version whose plan cannot be had, and why.
Refused = Callable[[ModelRef, str], None]


class Planner:
    """Turns the versions that are wanted into plans, each once."""

    def __init__(self, wishes: Wishes, room: Executor, refused: Refused) -> None:
        self._wishes, self._room, self._refused = wishes, room, refused
        self._versions: frozenset[ModelRef] | None = None
        self._reading: dict[ModelRef, Future[Wish]] = {}
        self._found: dict[ModelRef, Wish] = {}
        self._told: set[tuple[ModelRef, str]] = set()

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

    def turn(self, at_work: frozenset[str]) -> bool:
        """Look for news and for what was read meanwhile; return whether `wanted` may have changed."""
        versions = self._wishes.news()
        if versions is not None:
            self._want(versions, at_work)
        return self._gather() or versions is not None

    def settle(self, at_work: frozenset[str]) -> None:
        """Wait until everything that is wanted now is known: at start there is nothing to be late for."""
        self.turn(at_work)
        wait(self._reading.values())
        self._gather()

    def _want(self, versions: frozenset[ModelRef], at_work: frozenset[str]) -> None:
        self._versions = versions
        self._found = {ref: wish for ref, wish in self._found.items() if ref in versions}
        for ref in sorted(versions - self._found.keys() - self._reading.keys(), key=str):
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
            return
        if self._versions is not None and ref in self._versions:
            self._found[ref] = wish
