"""What a person should know: into the log, and unless it is only information, counted and onto the bus."""

from __future__ import annotations

from structlog.typing import FilteringBoundLogger

from alphabus.messages import Signals
from alphabus.outlet import Outlet
from common.counters import Counters
from services.inference_worker.actions import Told


class Teller:
    """Says what arms tell, and what became of their sections."""

    def __init__(self, log: FilteringBoundLogger, counters: Counters, outlet: Outlet) -> None:
        self._log, self._counters, self._outlet = log, counters, outlet

    def tell(self, arm: str, told: Told) -> None:
        """Of one arm; details without a value are left out. Numbers are numbers in the log, and text in an alert."""
        detail = {key: value for key, value in told.detail.items() if value != ""}
        if told.level == "info":
            self._log.info(told.event, arm=arm, **detail)
            return
        self._counters.add(told.event)
        if told.event == "executor_replaced":
            self._counters.add(f"executor_{told.detail['reason']}")
        self._log.warning(told.event, arm=arm, **detail)
        self._outlet.alert(told.level, told.event, arm=arm, **{key: _text(value) for key, value in detail.items()})

    def note(self, signals: Signals) -> None:
        """What went out, and of what is not fresh, why."""
        self._counters.add(f"signals_{signals.status}")
        if signals.reason:
            how = {"status": signals.status.value, "reason": signals.reason.value}
            self._log.info("not_fresh", arm=signals.arm, bar=signals.bar, **how)


def _text(value: str | float) -> str:
    """As a person reads it."""
    return f"{value:g}" if isinstance(value, float) else str(value)
