"""The bus of every process: queues, memory, heartbeats, and addresses over TCP."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from alphabus.endpoints import SERVICES, TCP, is_tcp
from common.config.table import Table


def _tcp_address(value: str) -> str:
    if not (is_tcp(value) and _is_number(value)):
        raise ValueError("an address tcp://HOST:PORT, its host a number of the machine such as 10.0.0.5, not a name")
    return value


def _is_number(address: str) -> bool:
    """Whether the host is numbers: a process listens on it, and a name may mean another machine tomorrow."""
    host = address.removeprefix(TCP).rpartition(":")[0].strip("[]")
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


TcpAddress = Annotated[str, AfterValidator(_tcp_address)]
TcpEnds = tuple[TcpAddress, TcpAddress]


class Tcp(Table):
    """Services that are met over TCP instead of the run folder: addresses of their live and their asked end."""

    bar_feed: TcpEnds | None = None
    factor_engine: TcpEnds | None = None
    inference_worker: TcpEnds | None = None
    signal_cache: TcpEnds | None = None
    monitor: TcpEnds | None = None

    @model_validator(mode="after")
    def _ends_differ(self) -> Tcp:
        addresses = [address for ends in self.by_service.values() for address in ends]
        if len(set(addresses)) != len(addresses):
            raise ValueError("bus.tcp: every end of every service has an address of its own")
        return self

    @property
    def by_service(self) -> dict[str, tuple[str, str]]:
        """Those that have addresses."""
        return {name: ends for name in SERVICES if (ends := getattr(self, name)) is not None}


class BusLimits(Table):
    """Queues, memory, heartbeats and addresses of every process."""

    high_water: int = Field(default=256, ge=4, le=100_000)
    section_kb: int | None = Field(default=None, ge=1)
    """How large a section of factors is; none: unknown, so that no more than a credit window may wait."""
    queue_mb: int = Field(default=64, ge=1)
    """What may wait on each link, once `section_kb` is known; a credit window always may."""
    outbox_mb: int = Field(default=256, ge=1)
    heartbeat_ms: int = Field(default=500, ge=10, le=1000)  # three missed must show within 3 s
    keys: Path = Path("state/keys")
    """Folder of the keys; only looked at when `tcp` names a service."""
    tcp: Tcp = Tcp()
