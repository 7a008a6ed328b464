"""Why an end cannot be bound: with what to do about it, where there is something."""

from __future__ import annotations

import errno
import os

import pytest

from alphabus.binding import ADVICE, not_bound


@pytest.mark.parametrize("number", ADVICE)
def test_over_tcp_there_is_advice(number: int) -> None:
    """Beside the address and what the system said."""
    told = str(not_bound("tcp://10.0.0.1:7001", OSError(number, os.strerror(number))))
    assert told.startswith("cannot bind tcp://10.0.0.1:7001: ")
    assert told.endswith(f"{os.strerror(number)}; {ADVICE[number]}")


def test_elsewhere_there_is_none() -> None:
    """Ports are not what is wrong there."""
    told = str(not_bound("ipc:///run/x.pub", OSError(errno.EADDRINUSE, "Address already in use")))
    assert told.endswith("Address already in use")
