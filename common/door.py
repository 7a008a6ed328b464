"""The bus of a process as its configuration says: the run folder alone, or TCP with keys and somebody at the door."""

from __future__ import annotations

from collections.abc import Callable

from structlog.typing import FilteringBoundLogger

from alphabus.security.keyring import open_keyring
from alphabus.security.transport import CurveTransport
from alphabus.security.watch import Told
from alphabus.sockets import ZmqTransport
from common.config import Config
from common.counters import Counters

MAX_LOGGED = 1000  # of each kind; the counters go on
ALERTS = {
    "peer_banned": "warning",
    "keys_unreadable": "error",
    "keys_readable": "info",
    "authenticator_restarted": "error",
    "stranger_accepted": "critical",
}


class Doorkeeper:
    """Counts and logs what happens at a process's TCP ends; what a person must know becomes an alert."""

    def __init__(self, log: FilteringBoundLogger, counters: Counters) -> None:
        self._log, self._counters = log, counters
        self._alert: Callable[..., None] | None = None

    def alert_with(self, alert: Callable[..., None]) -> None:
        """Tell others from now on."""
        self._alert = alert

    def __call__(self, event: str, **detail: str) -> None:
        """Something happened; `alphabus.security.watch.EVENTS` has what it means."""
        self._counters.add(event)
        if self._counters.snapshot()[event] <= MAX_LOGGED:
            self._log.warning("door", happened=event, **detail)
        if event in ALERTS and self._alert is not None:
            self._alert(ALERTS[event], event, **detail)


def open_transport(config: Config, name: str, told: Told) -> ZmqTransport:
    """For a process of this name; raises KeyFileError when TCP is asked for and the keys are not as they must be."""
    if not config.bus.tcp.by_service:
        return ZmqTransport(queues=config.queues)
    keyring = open_keyring(config.bus.keys, name)
    return CurveTransport(keyring, config.endpoints, config.queues, told=told)
