"""Says what the feed has to say: journal first, then publish; on a full disk it waits for space."""

from __future__ import annotations

from collections.abc import Callable

from alphabus.codec import Content, content_of
from alphabus.messages import Streamed
from common.errors import NoRoomError
from common.room import Room
from services.bar_feed.chronicle import Chronicle

AsOfNow = Callable[[Streamed], Streamed]
"""A message with what has changed while it waited."""
Publish = Callable[[Streamed, Content], None]


class Herald:
    """Journals messages together, then publishes them in order; where the disk has no space all of them wait."""

    def __init__(self, chronicle: Chronicle, room: Room, as_of_now: AsOfNow, publish: Publish) -> None:
        self._chronicle, self._room, self._as_of_now, self._publish = chronicle, room, as_of_now, publish
        self._unsaid: tuple[Streamed, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether something is to be said for which there was no space."""
        return bool(self._unsaid)

    @property
    def again_ns(self) -> int:
        """Monotonic time at which what waits is tried again."""
        return self._room.again_ns

    def say(self, *messages: Streamed) -> None:
        """Messages of one bar; raises JournalError, and then none of them is out."""
        self._unsaid = messages
        self.try_again()

    def try_again(self) -> None:
        """Say what is unsaid, if it may be tried by now."""
        if not self._room.may_try:
            return
        said = [(message, content_of(message)) for message in map(self._as_of_now, self._unsaid)]
        try:
            self._chronicle.append(said)
        except NoRoomError as error:
            self._room.refused(error)
            return
        self._room.found()
        self._unsaid = ()
        for message, content in said:
            self._publish(message, content)
