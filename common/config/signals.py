"""Signals: topics beside those of the arms, and what the cache answers beside its record."""

from __future__ import annotations

from pathlib import Path

from common.config.table import Table


class SignalTopics(Table):
    """Topics of signals beside those of the arms."""

    blend: bool = False
    """Ranks of all arms, weighted by capital, on a topic of their own."""


class SignalCache(Table):
    """The signal cache, beside its record of what was published."""

    precomputed: Path | None = None
    """A file of signals computed ahead, which answers for the arm `precomputed`."""
