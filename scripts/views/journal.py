"""A journal as tables and as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from rich.table import Table

from alphabus.messages import Announcement, Bars, Factors, Signals, Streamed, Universe
from common.amounts import amount
from common.market.journal_mark import Mark, State
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
        "being_written": found.written,
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
    """What is to be known beside the table, what is wrong first."""
    yield from (f"problem: {problem}" for problem in found.problems)
    whole = f"{amount(found.records, 'record')} in {amount(found.bytes, 'byte')}"
    if found.problems:
        yield f"{whole} are whole; what follows a problem in its segment was not looked at"
    else:
        yield f"{whole}, every one verified"
    if found.mark is not None:
        yield _left(found, found.mark)
    if found.unfinished:
        yield f"{found.unfinished:,} bytes at the end are no record: being written, or left by a crash"
    if found.renewal is not None:
        yield f"the next start gives it another id: {found.renewal}"


def _left(found: Survey, mark: Mark) -> str:
    if mark.state is State.CLOSED:
        return "closed"
    return f"being written by pid {mark.pid}" if found.written else f"left {mark.state} by pid {mark.pid}"


def truncated_of(done: Truncated) -> dict[str, Any]:
    """What remains, and what went."""
    return {
        "journal": done.id.hex(),
        "last_bar": done.last_bar,
        "bytes": done.bytes,
        "damage": done.damage,
        "changed": done.changed,
    }


def truncated_lines(done: Truncated) -> Iterable[str]:
    """What was done, and what the journal is now."""
    kept = "nothing" if done.last_bar is None else f"everything up to its last record of bar {done.last_bar}"
    if not done.changed:
        yield f"nothing to cut: the journal has {kept}, and stays {done.id.hex()}"
        return
    yield f"kept {kept}, set {done.bytes:,} bytes aside"
    yield f"the journal is {done.id.hex()} now: all consumers begin anew"
    if done.damage is not None:
        yield f"damaged: {done.damage}"


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
            return f"{amount(len(message.symbols), 'symbol')}, since bar {message.bar}"
        case Bars():
            present = np.count_nonzero(~np.isnan(message.columns["close"]))
            return f"{message.mode}, {present} of {len(message.columns['close'])} symbols"
        case Factors():
            return f"{message.mode}, {amount(len(message.columns) - 3, 'factor')}"
        case Signals():
            return f"{message.mode} {message.status} {message.reason}".strip() + f", revision {message.revision}"
    return str(message.mode)
