"""Live messages that wait until the writer's record joins on to them, bounded in number and in bytes (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field

from alphabus.body import Body
from alphabus.messages import Delivery

MAX_HELD = 1024
MAX_HELD_BYTES = 64 * 1024 * 1024


@dataclass(slots=True)
class Held:
    """In the order they came; when there are too many all go: the record has them."""

    _deliveries: list[Delivery] = field(default_factory=list)
    _bytes: int = 0

    def __len__(self) -> int:
        return len(self._deliveries)

    @property
    def first_seq(self) -> int | None:
        """Of the one that waits longest; None where none does."""
        return self._deliveries[0].seq if self._deliveries else None

    def add(self, delivery: Delivery) -> None:
        """Hold one more."""
        if len(self._deliveries) >= MAX_HELD or self._bytes >= MAX_HELD_BYTES:
            self.take()
        self._deliveries.append(delivery)
        self._bytes += bytes_of(delivery)

    def take(self) -> list[Delivery]:
        """All of them; none is held any more."""
        taken, self._deliveries, self._bytes = self._deliveries, [], 0
        return taken


def bytes_of(delivery: Delivery) -> int:
    """Of its columns; what else a message has is small."""
    columns = getattr(delivery.message, "columns", {})
    return columns.memory.nbytes if isinstance(columns, Body) else sum(column.nbytes for column in columns.values())
