"""What a process does with what happens at its door, and which transport its configuration asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from alphabus.endpoints import SERVICES
from alphabus.errors import KeyFileError
from alphabus.security.transport import CurveTransport
from alphabus.security.watch import EVENTS, untold
from common.config import Config, make_config
from common.counters import Counters
from common.door import ALERTS, MAX_LOGGED, Doorkeeper, open_transport
from common.key_folder import KeyFolder
from tests.services.cluster import silent_log


def configured(tmp_path: Path, **bus: Any) -> Config:
    """A small configuration with this much of a bus."""
    values = {"instance": "t", "state": str(tmp_path), "feed": {"source": {"bars": "x.parquet"}}, "bus": bus}
    return make_config(values, "demo.toml")


TCP = {"bar_feed": ["tcp://127.0.0.1:7001", "tcp://127.0.0.1:7002"]}


def test_every_event_is_counted_and_some_are_alerts() -> None:
    """With level and detail; before there is an outlet they are only logged."""
    counters, alerts = Counters(), list[tuple[Any, ...]]()
    keeper = Doorkeeper(silent_log(), counters)
    keeper("peer_banned", peer="x")
    keeper.alert_with(lambda *told, **detail: alerts.append((*told, detail)))
    for event in EVENTS:
        keeper(event, peer="x")
    assert counters.snapshot() == {**dict.fromkeys(EVENTS, 1), "peer_banned": 2}
    assert alerts == [(level, event, {"peer": "x"}) for event, level in sorted(ALERTS.items(), key=order)]
    assert set(ALERTS) <= set(EVENTS)


def order(pair: tuple[str, str]) -> int:
    """As the events stand in their table."""
    return list(EVENTS).index(pair[0])


def test_a_storm_at_the_door_does_not_fill_the_log() -> None:
    """The counter goes on."""
    lines: list[str] = []

    class Log:
        """Counts its lines."""

        def warning(self, event: str, **_fields: str) -> None:
            """One more."""
            lines.append(event)

    counters = Counters()
    keeper = Doorkeeper(Log(), counters)  # type: ignore[arg-type]
    for _ in range(MAX_LOGGED + 5):
        keeper("stranger_refused")
    assert (len(lines), counters.snapshot()) == (MAX_LOGGED, {"stranger_refused": MAX_LOGGED + 5})


def test_without_tcp_there_are_no_keys(tmp_path: Path) -> None:
    """The run folder is enough."""
    transport = open_transport(configured(tmp_path, keys=str(tmp_path / "none")), "bar_feed", untold)
    assert not isinstance(transport, CurveTransport)
    transport.close()


def test_tcp_without_keys_is_refused(tmp_path: Path) -> None:
    """No folder, no secret of one's own, or no key of a service that is met there."""
    folder = KeyFolder(tmp_path / "keys")
    config = configured(tmp_path, keys=str(folder.path), tcp=TCP)
    with pytest.raises(KeyFileError, match="no key folder"):
        open_transport(config, "monitor", untold)
    folder.make("monitor", "monitor")
    with pytest.raises(KeyFileError, match=r"bar_feed\.secret cannot be read"):
        open_transport(config, "bar_feed", untold)
    with pytest.raises(KeyFileError, match="no key of bar_feed"):
        open_transport(config, "monitor", untold)


def test_with_keys_it_is_opened(tmp_path: Path) -> None:
    """In the name of the process; nothing is bound yet."""
    folder = KeyFolder(tmp_path / "keys")
    for name in SERVICES:
        folder.make(name, name)
    transport = open_transport(configured(tmp_path, keys=str(folder.path), tcp=TCP), "monitor", untold)
    assert isinstance(transport, CurveTransport)
    assert transport._keyring.name == "monitor"
    transport.close()
