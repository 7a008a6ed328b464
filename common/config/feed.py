"""The bar feed: where bars come from, how fast they go out, how much of its record is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from common.config.table import Table

LATEST_NS = 2**63 - 1
"""The last time that nanoseconds since 1970 can tell, in 2262."""


class Source(Table):
    """A file of bars: replayed, times before `split_ns` (bar close, UTC) are history; or all of it is, and goes on."""

    kind: Literal["file", "generated"] = "file"
    bars: Path
    zone: str = "UTC"
    stamp: Literal["auto", "open", "close"] = "auto"
    interval: str = "auto"
    split_ns: int = Field(default=0, ge=-LATEST_NS, le=LATEST_NS)
    seed: int = Field(default=1, ge=0)
    """Of what a generated source makes up; another seed is another market."""


class Retention(Table):
    """How much of the feed's journal is kept: old segments go beyond a bound, never what a consumer still lacks."""

    max_mb: int | None = Field(default=None, ge=1)
    max_days: float | None = Field(default=None, gt=0.0)
    """Since a segment was written to."""
    keep_sections: int = Field(default=1000, ge=1)
    """The newest that stay whatever the bounds say: what a restart reads again."""


class Feed(Table):
    """The bar feed: where bars come from, and how fast they go out."""

    source: Source
    pace_s: float | None = Field(default=None, gt=0.0)
    """Seconds from section to section; neither this nor `speed`: as fast as acknowledgements allow."""
    speed: float | None = Field(default=None, gt=0.0)
    """Times real time: a section every bar interval divided by this; hours without bars are passed over."""
    credit: int = Field(default=16, ge=1, le=1024)
    """Sections an unpaced replay may be ahead of the slowest consumer."""
    patience_bars: int = Field(default=20, ge=1)
    """Bars a symbol may be unseen before it is no longer expected."""
    forget_bars: int | None = Field(default=None, ge=1)
    """Bars a symbol that is not expected may be unseen before it is no longer tracked; None: it is for ever."""
    members: Path | None = None
    """A file of who is a member from when to when (symbol, from, to); none: whoever is expected."""
    sync: Literal["always", "behind", "interval", "never"] = "interval"
    on_full: Literal["wait", "halt"] = "wait"
    """What a full disk means to who keeps a record: it waits for space, or it dies, and at last everything halts."""
    retention: Retention = Retention()

    @property
    def needed_sections(self) -> int:
        """How many sections tell who is tracked and expected after them, whoever was before.

        0 where nobody is ever forgotten: fewer are allowed there, and who is expected may then differ after a restart.

        Of `patience_bars + 1` sections in a row one at least counts as an unseen bar, from the `patience_bars`th of the
        record on it is known which. So after the square of them nobody is left of whom the record knows nothing.
        """
        if self.forget_bars is None:
            return 0
        return self.patience_bars + max(self.forget_bars, (self.patience_bars + 1) ** 2)
