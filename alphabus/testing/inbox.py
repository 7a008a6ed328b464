"""The queue at the receiving end of a memory link, with a descriptor that a poller can wait on."""

from __future__ import annotations

import os
from collections import deque

from alphabus.sockets import Parts, Received


class Inbox:
    """Holds up to `limit` messages; a full one takes no more."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._messages: deque[Received] = deque()
        self._descriptor: int | None = None

    @property
    def full(self) -> bool:
        """Whether the next message would not be taken."""
        return len(self._messages) >= self._limit

    @property
    def descriptor(self) -> int:
        """Readable while a message waits; made when first asked for, since most tests never poll."""
        if self._descriptor is None:
            self._descriptor = os.eventfd(len(self._messages), os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        return self._descriptor

    def put(self, frames: Parts) -> bool:
        """False when full."""
        if self.full:
            return False
        self._messages.append(list(frames))
        self._signal()
        return True

    def get(self) -> Received | None:
        """The oldest message, or None."""
        if not self._messages:
            return None
        frames = self._messages.popleft()
        if not self._messages:
            self._hush()
        return frames

    def close(self) -> None:
        """Forget what waits."""
        self._messages.clear()
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _signal(self) -> None:
        if self._descriptor is not None:
            os.eventfd_write(self._descriptor, 1)

    def _hush(self) -> None:
        if self._descriptor is None:
            return
        os.eventfd_read(self._descriptor)
        if self._messages:  # another thread put one in between
            self._signal()
