"""What the watcher of a run notes: announcements, deliveries, and late sections that nobody was warned of."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from struct import pack

from alphabus.inlet import STALE_NS
from alphabus.messages import Mode, Phase, Reason, Status
from alphabus.testing import Line, ManualClock, ScriptedFeed, announcement, memory_bus, signals, universe
from scripts.chaos.watcher import LATE_NS, Watcher

SECOND_NS = 1_000_000_000
TOPIC = "signals/champion"


class Stage:
    """A scripted feed and its watcher, on a clock that the watcher's waits move."""

    def __init__(self, deadline_ns: int | None) -> None:
        self.clock = ManualClock()
        bus = memory_bus(clock=self.clock)
        self.feed = ScriptedFeed(bus, self.clock)
        self.watcher = Watcher(bus, deadline_ns, self.feed.wait)
        self.say(Line(TOPIC, universe(("A",))))

    def say(self, *lines: Line) -> None:
        """Publish, and let the watcher look until it has taken it."""
        for line in lines:
            self.feed.publish(line)
        for _ in range(5):
            self.watcher.look()

    def due(self, bar: int) -> None:
        """Announce a section, due now."""
        self.say(announcement(bar, Phase.DUE, mode=Mode.REPLAY))

    def section(self, bar: int, **said: object) -> None:
        """Publish a section."""
        self.say(Line(TOPIC, signals(bar, {"A": 1.0}, mode=Mode.REPLAY, **said)))  # type: ignore[arg-type]


@contextmanager
def watched(deadline_ns: int | None = None) -> Iterator[Stage]:
    """A stage, let go of afterwards."""
    stage = Stage(deadline_ns)
    try:
        yield stage
    finally:
        stage.watcher.close()
        stage.feed.close()


def test_sections_are_counted_from_where_all_was_whole() -> None:
    """The moment of the first announcement that is late enough, none before it was heard."""
    with watched() as stage:
        stage.due(4)
        stage.clock.advance(SECOND_NS)
        stage.due(5)
        assert stage.watcher.bar == 5
        first, second = stage.watcher.announced_ns(0, 4), stage.watcher.announced_ns(3, 2)
        assert first is not None
        assert second is not None
        assert second - first >= SECOND_NS
        assert stage.watcher.announced_ns(4, 2) is None


def test_every_delivery_is_counted_by_bar_and_revision() -> None:
    """A held section is no fresh one, and its revision is another delivery."""
    with watched() as stage:
        stage.section(1)
        stage.section(2, status=Status.HELD, reason=Reason.TIMEOUT, age=1)
        stage.section(2, status=Status.LATE, revision=1)
        assert stage.watcher.seen.deliveries == {(1, 0): 1, (2, 0): 1, (2, 1): 1}
        assert (stage.watcher.seen.fresh_bar, stage.watcher.seen.bar) == (1, 2)


def test_the_bits_that_came_are_kept() -> None:
    """Value and flag of each symbol as the record has them; of a bar its revision's; nothing of what is held."""
    with watched() as stage:
        stage.section(1)
        stage.section(2, status=Status.HELD, reason=Reason.TIMEOUT, age=1)
        assert stage.watcher.seen.values == {(1, "A"): pack("<dB", 1.0, 0)}
        stage.section(2, status=Status.LATE, revision=1)
        assert stage.watcher.seen.values == {(bar, "A"): pack("<dB", 1.0, 0) for bar in (1, 2)}


def test_the_last_warning_is_noted() -> None:
    """When the client last said that its link was not current; a silent writer's is stale after three seconds."""
    with watched() as stage:
        stage.section(1)
        before = stage.watcher.seen.warned_ns
        stage.clock.advance(STALE_NS + 1)
        stage.watcher.look()
        assert stage.watcher.seen.warned_ns > before + STALE_NS


def test_a_late_section_without_a_warning_is_noted() -> None:
    """The client says `overdue` after its grace: here it had no chance to, for nobody looked before it came."""
    with watched(SECOND_NS) as stage:
        stage.section(1)
        stage.due(2)
        stage.clock.advance(SECOND_NS + LATE_NS + 1)
        stage.section(2)
        assert stage.watcher.seen.unmarked == [2]


def test_a_late_section_after_a_warning_is_none() -> None:
    """Whoever looked in between was told."""
    with watched(SECOND_NS) as stage:
        stage.section(1)
        stage.due(2)
        stage.clock.advance(SECOND_NS + LATE_NS + 1)
        stage.watcher.look()
        stage.section(2)
        assert stage.watcher.seen.unmarked == []


def test_without_a_deadline_nothing_is_late() -> None:
    """Under `wait` a section may take as long as it does."""
    with watched() as stage:
        stage.section(1)
        stage.due(2)
        stage.clock.advance(60 * SECOND_NS)
        stage.section(2)
        assert stage.watcher.seen.unmarked == []
