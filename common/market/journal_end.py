"""The newest bar of a journal whose writer has ended, without reading more of it than the last segment."""

from __future__ import annotations

from pathlib import Path

from common.errors import JournalError
from common.market.journal_segments import Segment, list_segments, read_segment


def last_bar(folder: Path) -> int:
    """0 where there is none; of a segment with an unfinished end the last bar that is whole."""
    segments = list_segments(folder) if folder.is_dir() else []
    return next((bar for bar in map(_last, reversed(segments)) if bar), 0)


def _last(segment: Segment) -> int:
    bar = 0
    try:
        for found in read_segment(segment, 0, None, None):
            bar = found.record.bar
    except JournalError:
        return bar
    return bar
