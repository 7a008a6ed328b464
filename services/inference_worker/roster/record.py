"""What is on record of the arms: the registry, and after it what waits to be put there."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from common.config import Config
from common.models.needs import seat_of
from common.models.records import Change, ModelRef
from common.models.registry import Registry
from common.models.relief import Key
from services.inference_worker.roster.rows import Noted, Row, Served

MOVES = ("promote", "rollback")


class Record:
    """Answers by arm; every answer may raise RegistryError."""

    def __init__(self, config: Config, registry: Registry, waiting: Callable[[], tuple[Row, ...]]) -> None:
        self._config, self._registry, self._waiting = config, registry, waiting

    def events(self, arm: str) -> list[Change]:
        """What was done to it, oldest first: of each action the newest row, and all that wait."""
        return self._continued(self._registry.events(self._config.instance, arm), arm)

    def seat(self, arm: str) -> Key | None:
        """What it was started with or swapped to last; where no row says so, what spoke for it last."""
        return seat_of(self.events(arm)) or next(iter(self.served(arm)), None)

    def served(self, arm: str) -> list[Key]:
        """Who served it, each once, newest first, in any journal."""
        return _once(self._served_since(arm), self._registry.served(self._config.instance, arm))

    def reliefs(self, arm: str) -> list[Key]:
        """Who could serve it again: who served it, then what its alias meant before, newest first."""
        known = self._registry.reliefs(self._config.instance, arm, self._config.arms[arm].alias)
        return _once(self._served_since(arm), known)

    def why_refused(self, arm: str, wish: ModelRef) -> str | None:
        """Why a swap to this failed last since the alias moved; None where none has."""
        rows = self._registry.history(self._config.instance, self._config.arms[arm].alias)
        last = max((row for row in rows if row.action in MOVES), key=lambda row: row.number, default=None)
        failed = [
            row
            for row in self._continued(rows, arm)
            if (row.action, row.arm, row.target) == ("swap_failed", arm, wish.key)
        ]
        since = [row for row in failed if last is None or _answers(row, last)]
        return since[-1].why if since else None

    def _continued(self, rows: list[Change], arm: str) -> list[Change]:
        """Rows of the registry, then those that wait, with the numbers they may get."""
        number = max((row.number for row in rows), default=0)
        noted = [row for row in self._waiting() if isinstance(row, Noted) and row.arm == arm]
        return [*rows, *(_change(row, number + after) for after, row in enumerate(noted, 1))]

    def _served_since(self, arm: str) -> Iterator[Key]:
        for row in reversed(self._waiting()):
            if isinstance(row, Served) and row.arm == arm:
                yield row.serving.name, row.serving.version


def _change(row: Noted, number: int) -> Change:
    event = row.event
    return Change(
        *(number, row.at_ns, event.action, event.instance, event.alias, event.source, event.target),
        *(row.by, row.why, event.arm, event.answers),
    )


def _answers(row: Change, move: Change) -> bool:
    """Whether a refusal is of this move: one that had to wait stands after moves that it knew nothing of.

    Only rows of an older version do not say what they answer: those are judged by number and by time.
    """
    if row.answers is not None:
        return row.answers >= move.number
    return row.number > move.number and row.time_ns >= move.time_ns


def _once(newer: Iterator[Key], older: list[Key]) -> list[Key]:
    return list(dict.fromkeys([*newer, *older]))
