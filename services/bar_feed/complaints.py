"""What the feed has to complain of in what its source hands over: in the log, and as alerts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from structlog.typing import FilteringBoundLogger

from common.room import Alert
from services.bar_feed.admission import Refusal


class Complaints:
    """Each is told of in one stroke, with what is to know of it."""

    def __init__(self, log: FilteringBoundLogger, alert: Alert) -> None:
        self._log, self._alert = log, alert

    def section_refused(self, refusal: Refusal, told: Mapping[str, Any]) -> None:
        """A section does not go out."""
        told = {"reason": refusal.value, **told}
        self._log.warning("section_refused", **told)
        self._alert("warning", "section_refused", **_as_text(told))

    def symbols_near_limit(self, told: Mapping[str, Any]) -> None:
        """There is room for few more symbols."""
        self._log.warning("symbols_near_limit", **told)
        self._alert("warning", "symbols_near_limit", **_as_text(told))

    def symbols_without_place(self, told: Mapping[str, Any]) -> None:
        """There is none for some of a section's."""
        self._log.warning("symbols_without_place", **told)
        self._alert("warning", "symbols_without_place", **_as_text(told))


def _as_text(told: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in told.items()}
