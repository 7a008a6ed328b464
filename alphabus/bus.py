"""What every link of a process is made with: where, over what, by which clock, who hears of what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from alphabus.clock import Clock
from alphabus.endpoints import Endpoints
from alphabus.errors import DecodeError
from alphabus.losses import Found
from alphabus.sockets import Received, Transport

Refused = Callable[[str, DecodeError, Received], None]


def _unheard(_link: str, _error: DecodeError, _frames: Received) -> None:
    """Nobody asked to hear of refusals."""


def _uncounted(_link: str, _what: str, _count: int) -> None:
    """Nobody asked to hear of losses."""


@dataclass(frozen=True, slots=True)
class Bus:
    """Handed to every Outlet and Inlet of a process."""

    endpoints: Endpoints
    transport: Transport
    clock: Clock
    refused: Refused = _unheard
    found: Found = _uncounted
    acknowledge_every: int = 1
    """At which multiples of a bar a reader tells its writer what it is done with."""
