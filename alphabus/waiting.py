"""Live messages that wait for what is before them on record, or to be taken: the first leaves first (pure)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile

from alphabus.held import MAX_HELD, MAX_HELD_BYTES, bytes_of
from alphabus.messages import Delivery, EndOfStream, Signals


@dataclass(slots=True)
class Waiting:
    """In the order they came, and how many bytes they are."""

    _deliveries: deque[Delivery] = field(default_factory=deque)
    _bytes: int = 0

    def __len__(self) -> int:
        return len(self._deliveries)

    def __iter__(self) -> Iterator[Delivery]:
        return iter(self._deliveries)

    @property
    def first(self) -> Delivery:
        """The one that waits longest; raises IndexError where none does."""
        return self._deliveries[0]

    @property
    def is_full(self) -> bool:
        """Whether they are as many, or as large, as a reader may keep."""
        return len(self._deliveries) >= MAX_HELD or self._bytes >= MAX_HELD_BYTES

    @property
    def journals(self) -> list[bytes]:
        """The numberings of sections and ends among them, in order."""
        said = (each.message for each in self._deliveries)
        return list(dict.fromkeys(message.journal for message in said if isinstance(message, Signals | EndOfStream)))

    def add(self, deliveries: Iterable[Delivery]) -> None:
        """So many more."""
        for delivery in deliveries:
            self._deliveries.append(delivery)
            self._bytes += bytes_of(delivery)

    def leave(self) -> None:
        """The first waits no more; raises IndexError where none does."""
        self._bytes -= bytes_of(self._deliveries.popleft())

    def leave_before(self, journal: bytes) -> int:
        """How many came before the first message of a numbering, which says its own lists; they wait no more."""
        count = sum(1 for _ in takewhile(lambda each: getattr(each.message, "journal", None) != journal, self))
        for _ in range(count):
            self.leave()
        return count

    def clear(self) -> None:
        """None waits any more."""
        self._deliveries.clear()
        self._bytes = 0
