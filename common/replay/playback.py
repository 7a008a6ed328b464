"""A replay from start to end: the processes run what was prepared, and what they left is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import polars as pl

from alphabus.clock import Clock
from alphabus.messages import Heartbeat
from common.replay.follow import Outcome, Progress, follow
from common.replay.pipeline import Pipeline
from common.replay.preparation import Prepared
from common.replay.results import read_signals, section_rows

INTERRUPTION = "interrupted before the end of the stream"


@dataclass(frozen=True, slots=True, eq=False)
class Playback:
    """How it ended, and what is on record: signals and sections; of a run with trouble what was said last, too."""

    outcome: Outcome
    signals: pl.DataFrame
    rows: list[dict[str, Any]]
    monitor: Heartbeat | None
    last_words: list[str]

    @classmethod
    def of(cls, prepared: Prepared, clock: Clock, report: Callable[[Progress], None]) -> Self:
        """Run it to its end, or until Ctrl-C: what there is until then is still worth having."""
        config = prepared.config
        with Pipeline(config, prepared.config_file) as pipeline:
            try:
                outcome = follow(pipeline, clock, report)
            except KeyboardInterrupt:
                outcome = Outcome(INTERRUPTION)
            monitor = pipeline.status("monitor")
            last_words = pipeline.last_words() if outcome.trouble else []
        arms = list(config.arms)
        signals, rows = read_signals(config.state, arms), section_rows(config.state, arms)
        return cls(outcome, signals, rows, monitor, last_words)
