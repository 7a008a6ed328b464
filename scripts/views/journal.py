"""A journal as tables and as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from rich.table import Table

from alphabus.messages import Announcement, Bars, Factors, Signals, Streamed, Universe
from common.market.journal_records import Record
from common.market.journal_survey import Part, Survey
from common.market.journal_truncation import Truncated
from common.message_log import read_message
from scripts.views.models import when

SHORT = 8


def survey_of(found: Survey) -> dict[str, Any]:
    """A whole journal."""
    mark = found.mark
    return {
        "folder": str(found.folder),
        "records": found.records,
        "bytes": found.bytes,
        "unfinished_bytes": found.unfinished,
        "state": "unknown" if mark is None else str(mark.state),
        "pid": None if mark is None else mark.pid,
        "next_start_changes_the_id": found.renewal,
        "problems": list(found.problems),
        "segments": [part_of(part) for part in found.parts],
    }


def part_of(part: Part) -> dict[str, Any]:
    """One segment."""
    return {
        "file": part.path.name,
        "journal": None if part.id is None else part.id.hex(),
        "digest": part.digest.hex(),
        "first_bar": part.first_bar,
        "last_bar": part.last_bar,
        "records": part.records,
        "bytes": part.bytes,
        "written": when(int(part.written_s) * 1_000_000_000),
        "problem": part.problem,
    }


def survey_table(found: Survey) -> Table:
    """A line for each segment."""
    table = Table("segment", "journal", "bars", "records", "bytes", "written", "digest at its end")
    for part in found.parts:
        bars = "-" if part.first_bar is None else f"{part.first_bar} to {part.last_bar}"
        name = "?" if part.id is None else part.id.hex()[:SHORT]
        written = when(int(part.written_s) * 1_000_000_000)
        style = None if part.problem is None else "red"
        numbers = (f"{part.records:,}", f"{part.bytes:,}")
        table.add_row(part.path.name, name, bars, *numbers, written, part.digest.hex()[:SHORT], style=style)
    return table


def survey_lines(found: Survey) -> Iterable[str]:
    """What is to be known beside the table, plainest first."""
    mark = found.mark
    yield f"{found.records:,} records in {found.bytes:,} bytes, every one verified"
    if mark is not None:
        yield f"left {mark.state} by pid {mark.pid}" if mark.state != "closed" else "closed"
    if found.unfinished:
        yield f"{found.unfinished:,} bytes at the end are no record: being written, or left by a crash"
    if found.renewal is not None:
        yield f"the next start gives it another id: {found.renewal}"
    yield from (f"problem: {problem}" for problem in found.problems)


def truncated_of(done: Truncated) -> dict[str, Any]:
    """What remains, and what went."""
    return {"journal": done.id.hex(), "last_bar": done.last_bar, "bytes": done.bytes, "damage": done.damage}


def record_of(record: Record) -> dict[str, Any]:
    """One record by what it says."""
    message = read_message(record)
    time = getattr(message, "time", None)
    return {
        "bar": record.bar,
        "kind": message.kind,
        "time": None if time is None else when(time),
        "says": _said(message),
        "bytes": len(record.payload),
    }


def records_table(rows: Iterable[dict[str, Any]]) -> Table:
    """A line for each record."""
    table = Table("bar", "kind", "close time", "says", "bytes")
    for row in rows:
        table.add_row(str(row["bar"]), row["kind"], row["time"] or "", row["says"], f"{row['bytes']:,}")
    return table


def _said(message: Streamed) -> str:
    match message:
        case Announcement():
            return f"{message.mode} {message.phase}, {message.expected} expected, coverage {message.coverage:.3f}"
        case Universe():
            return f"{len(message.symbols)} symbols, since bar {message.bar}"
        case Bars():
            present = np.count_nonzero(~np.isnan(message.columns["close"]))
            return f"{message.mode}, {present} of {len(message.columns['close'])} symbols"
        case Factors():
            return f"{message.mode}, {len(message.columns) - 3} factors"
        case Signals():
            return f"{message.mode} {message.status} {message.reason}".strip() + f", revision {message.revision}"
    return str(message.mode)
