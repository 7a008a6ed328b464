"""What went wrong on the links of a process: counted for heartbeats, logged, and an alert where a person must know."""

from __future__ import annotations

from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from alphabus.clock import Clock
from alphabus.losses import QUIET
from common.counters import Counters

ALERTS = {"zombies": "zombie_refused", "refused": "replay_refused", "lagged": "reader_lagged"}
ALERT_NS = 60_000_000_000


class LinkLosses:
    """Counted as `link.WRITER.WHAT`; what does not mend itself unseen is told as an alert, once a minute at most."""

    def __init__(self, log: FilteringBoundLogger, counters: Counters, clock: Clock) -> None:
        self._log, self._counters, self._clock = log, counters, clock
        self._alert: Callable[..., None] | None = None
        self._alerted_ns: dict[tuple[str, str], int] = {}

    def alert_with(self, alert: Callable[..., None]) -> None:
        """Tell others from now on."""
        self._alert = alert

    def __call__(self, link: str, what: str, count: int) -> None:
        """So many more of one kind (see `alphabus.losses.LOSSES`) were found on the link to a writer."""
        self._counters.add(f"link.{link}.{what}", count)
        if what not in QUIET:
            self._log.warning("loss_found", link=link, what=what, count=count)
        if what in ALERTS:
            self._tell(link, what, count)

    def _tell(self, link: str, what: str, count: int) -> None:
        now = self._clock.monotonic_ns()
        if self._alert is not None and now - self._alerted_ns.get((link, what), -ALERT_NS) >= ALERT_NS:
            self._alerted_ns[link, what] = now
            self._alert("error", ALERTS[what], writer=link, messages=str(count))
