"""The source that a configuration asks for."""

from __future__ import annotations

from pathlib import Path

from alphabus.clock import Clock
from common.config import Config
from services.bar_feed.sources import Source
from services.bar_feed.sources.generated import GeneratedSource
from services.bar_feed.sources.replay import ReplaySource


def open_source(config: Config, quarantine: Path, clock: Clock) -> Source:
    """Load the file of bars; refused rows go to the quarantine file. Raises BarFileError."""
    source = config.feed.source
    if source.kind == "generated":
        return GeneratedSource(source, quarantine, clock, config.paced_interval_ns)
    return ReplaySource(source, quarantine)
