"""The inference worker: deadlines, the breaker, and when a symbol gets no value."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Literal

from pydantic import Field

from common.config.table import Table


class Policy(StrEnum):
    """What the worker does when an answer is late: publish the fallback, or wait."""

    DEADLINE = "deadline"
    WAIT = "wait"


class Breaker(Table):
    """When an arm stops asking its executor, and for how long; only under `deadline`."""

    failures: int = Field(default=5, ge=1, le=1000)
    """Bad calls in a row: failures, and answers that were too slow."""
    share: float = Field(default=0.5, gt=0.0, le=1.0)
    window: int = Field(default=20, ge=1, le=1000)
    """The `share` of bad calls is of so many."""
    slow_share: float = Field(default=1.0, gt=0.0, le=10.0)
    """An answer is too slow that took longer than this share of the deadline, or missed it."""
    open_ms: int = Field(default=5000, ge=1)
    longest_open_ms: int = Field(default=300_000, ge=1)


class Inference(Table):
    """The inference worker: deadlines, fallback, and when a symbol gets no value."""

    policy: Policy = Policy.WAIT
    deadline_ms: int | None = Field(default=None, ge=1)
    late_until_ms: int | None = Field(default=None, ge=0)
    hang_after_ms: int = Field(default=30_000, ge=10)
    attempts: int = Field(default=5, ge=1, le=100)
    """How many executors may fail at a section before it is held, or a model that never spoke gives way."""
    candidate_wait_s: float = Field(default=600.0, gt=0.0, le=86_400.0)
    """How long a model that is to take over may wait for its factors."""
    min_coverage: float = Field(default=0.5, ge=0.0, le=1.0)
    min_features: float = Field(default=0.5, ge=0.0, le=1.0)
    max_age_bars: int = Field(default=5, ge=0)
    max_age_seconds: float | None = Field(default=None, gt=0.0)
    """By section time."""
    across_sessions: bool = True
    """Whether a signal may be held on another day than the one it was made for."""
    max_model_age_days: float | None = Field(default=None, gt=0.0, le=36_500.0)
    """From the end of a model's training data to the section."""
    gate: Literal["flag", "hold"] = "flag"
    """A suspect answer is published and told, or held back."""
    gate_widening: float = Field(default=1.0, ge=0.0, le=1e6)
    """How many widths of the training's range of predictions are allowed on either side of it."""
    breaker: Breaker = Breaker()
    spare: bool = True
    """Whether every arm has a second child that is loaded and takes over at once."""
    memory_mb: int = Field(default=4096, ge=0)
    """MiB of memory a child may have, 0 for no limit."""
    faults: Path | None = None
    """A plan of faults for the executor; only tests name one."""
