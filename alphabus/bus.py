"""What every link of a process is made with: where, over what, by which clock, and who hears of refused messages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from alphabus.clock import Clock
from alphabus.endpoints import Endpoints
from alphabus.errors import DecodeError
from alphabus.sockets import Transport

Refused = Callable[[str, DecodeError, Sequence[bytes]], None]


def _unheard(_link: str, _error: DecodeError, _frames: Sequence[bytes]) -> None:
    """Nobody asked to hear of refusals."""


@dataclass(frozen=True, slots=True)
class Bus:
    """Handed to every Outlet and Inlet of a process."""

    endpoints: Endpoints
    transport: Transport
    clock: Clock
    refused: Refused = _unheard
