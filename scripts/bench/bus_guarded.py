"""The real feed and the real cache, told how far to go: `python -m scripts.bench.bus_guarded bar_feed --config FILE`.

Nothing of what they do is changed: a turn is held back, and what a turn did is noted with the time.
"""

from __future__ import annotations

import sys

from common.process import main
from common.service import Context, Service
from scripts.bench.bus_gate import Gate
from services.bar_feed.service import BarFeed
from services.signal_cache.service import SignalCache


class GatedFeed(BarFeed):
    """Sends a section only when it may; notes when it took each up."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._gate = Gate(self.clock)

    def handles(self) -> list[object]:
        """What it is told as well."""
        return [*super().handles(), self._gate]

    def wake_ns(self) -> int | None:
        """Nothing wakes it while it may not send."""
        return super().wake_ns() if self.bar < self._gate.until else None

    def turn(self) -> None:
        """One section, if it may go."""
        self._gate.hear()
        if self.bar < self._gate.until:
            before, began = self.bar, self.clock.monotonic_ns()
            super().turn()
            if self.bar > before:
                self._gate.passed(before, self.bar, began)


class GatedCache(SignalCache):
    """Notes when each section was on its record, and the worker told."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._gate = Gate(self.clock)

    def handles(self) -> list[object]:
        """What it is told as well."""
        return [*super().handles(), self._gate]

    def hear(self) -> None:
        """As ever; what it syncs behind comes later."""
        self._gate.hear()
        before = self.bar
        super().hear()
        self._gate.passed(before, self.bar)


STAGES: dict[str, type[Service]] = {stage.name: stage for stage in (GatedFeed, GatedCache)}

if __name__ == "__main__":
    sys.exit(main(STAGES[sys.argv[1]], sys.argv[1], sys.argv[2:]))
