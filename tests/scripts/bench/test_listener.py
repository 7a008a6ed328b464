"""What is heard of a pipeline: when sections were due, and when they were sent."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from alphabus.bus import Bus
from alphabus.messages import EndOfStream, Mode, Phase, Reason, Status
from alphabus.outlet import Outlet
from alphabus.testing import ManualClock, announcement, memory_bus, signals
from alphabus.testing.sections import JOURNAL
from common.errors import PipelineError
from scripts.bench.listener import Listener

SECOND = 1_000_000_000
START = 1_600_000_000 * SECOND


class Stage:
    """Feed and worker on a memory bus, and a listener to them."""

    def __init__(self) -> None:
        self.clock, self.alive = ManualClock(START), True
        self.bus: Bus = memory_bus(clock=self.clock)
        self.feed, self.worker = Outlet(self.bus, "bar_feed", 1), Outlet(self.bus, "inference_worker", 1)
        self.listener = Listener(self.bus, lambda: self.alive, self.wait)

    def wait(self, handles: Sequence[object], timeout_ns: int) -> None:
        """Let the time pass: nothing more will come."""
        assert len(handles) == 2
        self.clock.advance(timeout_ns)

    def announce(self, bar: int, due_in_ns: int) -> None:
        """The feed's word, at this moment."""
        line = announcement(bar, Phase.DUE, due_in_ns=due_in_ns)
        self.feed.publish(self.bus.endpoints.topic("announcements"), line.message)

    def say(self, bar: int, status: Status = Status.FRESH) -> None:
        """The worker's section, at this moment."""
        held = status is Status.HELD
        reason = Reason.NO_FACTORS if held else Reason.NONE
        section = signals(bar, {"A": 1.0}, status=status, reason=reason, age=int(held))
        self.worker.publish(self.bus.endpoints.topic("signals", "champion"), section)


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage that is closed at the end."""
    made = Stage()
    try:
        yield made
    finally:
        made.listener.close()
        made.feed.close()
        made.worker.close()


def test_a_section_comes_with_its_stamp_and_when_it_was_due() -> None:
    """Both on the wall clock; a closed announcement changes nothing."""
    with stage() as on:
        on.announce(7, 3 * SECOND)
        on.clock.advance(4 * SECOND)
        line = announcement(7, Phase.CLOSED)
        on.feed.publish(on.bus.endpoints.topic("announcements"), line.message)
        on.say(7, Status.HELD)
        sent, section = next(on.listener.signals())
        assert (sent, section.bar, section.status) == (START + 4 * SECOND, 7, Status.HELD)
        assert on.listener.due_ns == {7: START + 3 * SECOND}


def test_the_next_fresh_section_is_waited_for() -> None:
    """Held ones are passed over, and fresh ones sent up to the moment asked for."""
    with stage() as on:
        for bar, status in enumerate([Status.FRESH, Status.HELD, Status.FRESH], start=1):
            on.say(bar, status)
            on.clock.advance(SECOND)
        assert on.listener.next_fresh(START) == START + 2 * SECOND


def test_the_end_of_the_market_is_an_error() -> None:
    """Whoever listens wanted more."""
    with stage() as on:
        on.feed.publish(on.bus.endpoints.topic("announcements"), EndOfStream(JOURNAL, 1, Mode.REPLAY))
        with pytest.raises(PipelineError, match="market was over"):
            on.listener.next_fresh()


@pytest.mark.parametrize("alive", [True, False], ids=["silent", "ended"])
def test_nothing_is_waited_for_for_ever(*, alive: bool) -> None:
    """A pipeline that ended is given up at once, a silent one after a minute."""
    with stage() as on:
        on.alive = alive
        with pytest.raises(PipelineError, match="ended or fell silent"):
            on.listener.next_fresh()
        assert (on.clock.monotonic_ns() > 60 * SECOND) is alive
