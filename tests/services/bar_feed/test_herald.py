"""What the feed says is on record before it is out; without space it waits, whole and in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
import structlog

from alphabus.clock import ManualClock
from alphabus.codec import Content
from alphabus.messages import Announcement, EndOfStream, Mode, Phase, Streamed
from common.counters import Counters
from common.errors import NoRoomError
from common.room import RETRY_NS, Room
from services.bar_feed.chronicle import Chronicle
from services.bar_feed.herald import Herald

JOURNAL = b"j" * 16
DUE = Announcement(JOURNAL, 1, Mode.LIVE, 1, 1, Phase.DUE, 2)
END = EndOfStream(JOURNAL, 1, Mode.LIVE)


@dataclass
class Desk:
    """A herald, a record that may be full, and all that happens in order."""

    full: bool = False
    happened: list[tuple[str, Streamed]] = field(default_factory=list)
    clock: ManualClock = field(default_factory=lambda: ManualClock(0))

    def herald(self, *, waits: bool = True) -> Herald:
        """With this desk for its record."""
        room = Room(self.clock, structlog.get_logger(), Counters(), lambda *_, **__: None, waits=waits)
        return Herald(cast("Chronicle", self), room, self.as_of_now, self.publish)

    def append(self, said: Sequence[tuple[Streamed, Content]]) -> None:
        """All or none."""
        if self.full:
            raise NoRoomError("full")
        self.happened += [("recorded", message) for message, _ in said]

    def as_of_now(self, message: Streamed) -> Streamed:
        """Announcements know the time."""
        return replace(message, due_in_ns=self.clock.monotonic_ns()) if isinstance(message, Announcement) else message

    def publish(self, message: Streamed, _: Content) -> None:
        """It is out."""
        self.happened.append(("published", message))


def test_all_is_on_record_before_any_of_it_is_out() -> None:
    """In order."""
    desk = Desk()
    herald = desk.herald()
    herald.say(DUE, END)
    assert desk.happened == [("recorded", DUE), ("recorded", END), ("published", DUE), ("published", END)]
    assert not herald.waits


def test_what_finds_no_space_waits_and_is_said_as_of_then() -> None:
    """Tried each second, not before, and once there is space it is said once."""
    desk = Desk(full=True)
    herald = desk.herald()
    herald.say(DUE)
    assert (herald.waits, herald.again_ns, desk.happened) == (True, RETRY_NS, [])
    desk.full = False
    herald.try_again()
    assert (herald.waits, desk.happened) == (True, [])
    desk.clock.advance(RETRY_NS)
    herald.try_again()
    later = replace(DUE, due_in_ns=RETRY_NS)
    assert (herald.waits, desk.happened) == (False, [("recorded", later), ("published", later)])


def test_where_nobody_is_to_wait_it_is_an_error() -> None:
    """And nothing is out."""
    desk = Desk(full=True)
    with pytest.raises(NoRoomError, match="full"):
        desk.herald(waits=False).say(DUE)
    assert desk.happened == []
