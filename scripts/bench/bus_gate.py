"""What lets a stage go as far as it is told, and notes when it was where: one line in, one line out."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from alphabus.clock import Clock


class Gate:
    """Standard input says up to which bar; standard output says when each bar up to there was passed, ns.

    Every process of a machine has the same monotonic clock.
    """

    def __init__(self, clock: Clock, source: int = 0) -> None:
        self.until = 0
        self._clock, self._source, self._read = clock, source, b""
        self._passed: dict[int, int] = {}
        self._owes = False
        os.set_blocking(source, False)

    def fileno(self) -> int:
        """Readable when something is to be heard."""
        return self._source

    def hear(self) -> None:
        """Take what was said; never blocks."""
        try:
            while chunk := os.read(self._source, 4096):
                self._read += chunk
        except BlockingIOError:
            pass
        *lines, self._read = self._read.split(b"\n")
        for line in lines:
            self.until, self._owes = int(line), True

    def passed(self, before: int, bar: int, ns: int | None = None) -> None:
        """Bars after `before` up to `bar` were passed at `ns`, or now; said once the bar asked for is among them."""
        now = self._clock.monotonic_ns() if ns is None else ns
        self._passed |= dict.fromkeys(range(before + 1, bar + 1), now)
        if self._owes and bar >= self.until:
            self._owes = False
            say({"passed": self._passed})
            self._passed = {}


def say(answer: Mapping[str, Any]) -> None:
    """One line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()
