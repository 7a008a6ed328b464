"""The loop of a service, and what every service does beside its own work."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

import pytest

from alphabus.bus import Bus
from alphabus.inlet import Inlet
from alphabus.messages import Alert, Heartbeat
from alphabus.status import LINKS
from alphabus.testing import ManualClock, memory_bus, signals
from common.config import MS
from common.counters import Counters
from common.service import LONGEST_WAIT_NS, Context, Service, Stop, run
from tests.common.signals import signals_restored
from tests.services.cluster import silent_log, toy_config


class Plain(Service):
    """Notes its turns."""

    name: ClassVar[str] = "monitor"

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.turns, self.stopped = 0, False
        self.wake: int | None = None

    def wake_ns(self) -> int | None:
        """As the test says."""
        return self.wake

    def turn(self) -> None:
        """One more."""
        self.turns += 1

    def stop(self) -> None:
        """Remember that it came."""
        self.stopped = True


class Linked(Plain):
    """Follows the feed, which is not there."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._inlet = Inlet(context.bus, self.name, "bar_feed", ["test/bars/"])

    @property
    def links(self) -> Mapping[str, str]:
        """The one."""
        return {self._inlet.service: self._inlet.state}


@pytest.fixture
def clock() -> ManualClock:
    """Time that the test moves."""
    return ManualClock()


@pytest.fixture
def bus(clock: ManualClock) -> Bus:
    """The bus of the service."""
    return memory_bus(clock=clock)


@pytest.fixture
def service(tmp_path: Path, bus: Bus) -> Plain:
    """A service on the memory bus."""
    return Plain(Context(toy_config(tmp_path, tmp_path), bus, silent_log(), Counters(), 3))


def ask(service: Service, bus: Bus, verb: str) -> tuple[str | None, list[object]]:
    """Error and messages of the answer."""
    inlet = Inlet(bus, "test", service.name, [])
    question = inlet.request(verb)
    service.run_once()
    inlet.receive()
    answer = inlet.answer(question)
    inlet.close()
    assert answer is not None
    return answer[0].error, [delivery.message for delivery in answer[1]]


def test_status_is_a_heartbeat(service: Plain, bus: Bus) -> None:
    """Every service answers it, with its counters as of now."""
    service.counters.add("sections", 7)
    error, (beat,) = ask(service, bus, "status")
    assert error is None
    assert isinstance(beat, Heartbeat)
    assert (beat.service, beat.counters) == ("monitor", {"sections": 7})


def test_status_tells_of_links(tmp_path: Path, bus: Bus) -> None:
    """Of a service that follows others: how each link is at this moment."""
    service = Linked(Context(toy_config(tmp_path, tmp_path), bus, silent_log(), Counters(), 3))
    error, (beat, links) = ask(service, bus, "status")
    assert error is None
    assert isinstance(beat, Heartbeat)
    assert isinstance(links, Alert)
    assert (links.event, links.detail) == (LINKS, {"bar_feed": "gap"})


def test_what_can_no_longer_be_sent_again_is_counted(service: Plain, bus: Bus) -> None:
    """Nobody acknowledged it, and the outbox has room for so much."""
    service.outbox.budget_bytes = 1
    for bar in (1, 2, 3):
        service.publish("test/signals/champion/", signals(bar, {"A": 1.0}))
    _, (beat,) = ask(service, bus, "status")
    assert isinstance(beat, Heartbeat)
    assert beat.counters == {"evicted": 2}


def test_an_unknown_verb_is_refused_by_name(service: Plain, bus: Bus) -> None:
    """And the service lives on."""
    assert ask(service, bus, "dance") == ("monitor does not know the verb 'dance'", [])
    service.run_once()


def test_a_sign_of_life_every_heartbeat(service: Plain, clock: ManualClock) -> None:
    """The first at once; none in between."""
    beats = []
    for _ in range(11):
        service.run_once()
        beats.append(service.outlet.next[service.endpoints.topic("health", "monitor")] - 1)
        clock.advance(100 * MS)
    assert beats == [1] * 5 + [2] * 5 + [3]


@pytest.mark.parametrize(
    ("wake", "expected"), [(None, LONGEST_WAIT_NS), (30 * MS, 30 * MS), (10**18, LONGEST_WAIT_NS), (-5, 0)]
)
def test_how_long_the_loop_may_sleep(service: Plain, wake: int | None, expected: int) -> None:
    """Until the service wants its turn, never longer than the longest wait, never less than nothing."""
    service.run_once()
    service.wake = wake
    assert service.wait_ns() == expected


def test_the_loop_closes_the_service_whatever_happens(service: Plain) -> None:
    """Turn, wait, turn ... and when the wait fails, an orderly end all the same."""

    def wait(handles: Sequence[object], timeout_ns: int) -> None:
        if service.turns == 3:
            raise ZeroDivisionError

    with signals_restored(), pytest.raises(ZeroDivisionError):
        run(service, Stop(), wait)
    assert (service.turns, service.stopped) == (3, True)


def test_a_service_whose_time_has_come_is_not_kept_waiting(service: Plain) -> None:
    """Its turn looks at every handle anyway."""
    service.wake = 0

    def wait(handles: Sequence[object], timeout_ns: int) -> None:
        raise ZeroDivisionError

    with signals_restored():
        run(service, Stop(), wait, lambda: service.turns == 3)
    assert (service.turns, service.stopped) == (3, True)


def test_the_loop_ends_when_it_is_finished(service: Plain) -> None:
    """By a condition of the caller."""

    def wait(handles: Sequence[object], timeout_ns: int) -> None:
        """Come back at once."""

    with signals_restored():
        run(service, Stop(), wait, lambda: service.turns == 2)
    assert (service.turns, service.stopped) == (2, True)


TWICE = """
import os, signal
from common.service import Stop
stop = Stop()
os.kill(os.getpid(), signal.SIGTERM)
print(stop.requested, flush=True)
os.kill(os.getpid(), signal.SIGTERM)
print("still there")
"""


def test_a_second_signal_ends_at_once() -> None:
    """The first one asks, the second one insists; the exit status says which signal it was."""
    ended = subprocess.run(
        [sys.executable, "-c", TWICE], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, check=False
    )
    assert (ended.returncode, ended.stdout) == (143, b"True\n")
