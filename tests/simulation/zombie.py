"""A writer that another one has replaced, and that speaks all the same: of its old epoch, and what is not so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from alphabus.codec import decode, encode
from alphabus.messages import Heartbeat, Message, Streamed
from common.service import Service
from tests.simulation.weather import Weather

BEYOND = 2**40
"""Of every series: who took one of these would wait for the rest for ever."""


def haunt(service: Service, weather: Weather) -> None:
    """Say on each topic of a service something like the last word of the process before this one."""
    outlet, address = service.outlet, service.endpoints.live(service.name)
    for frames in weather.last_words(address):
        delivery = decode(frames)
        if delivery.epoch < outlet.epoch:
            outlet._live.send(encode(replace(delivery, seq=BEYOND, message=_untrue(delivery.message))))


def _untrue(message: Message) -> Message:
    """The same of the section after it, and a sign of life of a series that is far ahead."""
    changes: dict[str, Any] = {}
    if isinstance(message, Heartbeat):
        changes["next"] = dict.fromkeys(message.next, BEYOND)
    elif isinstance(message, Streamed):
        changes["bar"] = message.bar + 1
    return replace(message, **changes)
