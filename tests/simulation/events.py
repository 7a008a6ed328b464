"""What the processes of a simulation wrote into their logs, as far as somebody should have looked at it."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any, NoReturn

import structlog
from structlog.typing import FilteringBoundLogger


class Events:
    """Keeps every warning and error of a run."""

    def __init__(self) -> None:
        self._kept: list[MutableMapping[str, Any]] = []
        self.log: FilteringBoundLogger = structlog.wrap_logger(
            structlog.ReturnLogger(),
            processors=[self._keep],
            wrapper_class=structlog.make_filtering_bound_logger("warning"),
        )

    def of(self, name: str) -> list[MutableMapping[str, Any]]:
        """Those of this name, in order."""
        return [event for event in self._kept if event["event"] == name]

    def _keep(self, _logger: object, _method: str, event: MutableMapping[str, Any]) -> NoReturn:
        self._kept.append(event)
        raise structlog.DropEvent
