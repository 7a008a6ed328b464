"""Sections, processes and arms as lines for people, and as plain values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from alphabus.messages import Flag, Signals
from alphabus.section import Section
from alphabus.status import Status

BEST = 3


def status_table(found: Mapping[str, Status | None], said: Mapping[str, Signals | None]) -> Iterator[str]:
    """A line for each process, then one for each arm."""
    yield f"{'process':18}{'pid':>8}{'bar':>9}  counters"
    for name, status in found.items():
        yield f"{name:18}{'-':>8}{'-':>9}  no answer" if status is None else status_line(name, status)
    if said:
        yield f"{'arm':18}{'capital':>8}{'bar':>9}  now; last section"
    for arm, signals in said.items():
        yield arm_line(arm, _state(found, arm), signals, answered=found.get("signal_cache") is not None)


def arm_line(arm: str, state: str | None, signals: Signals | None, *, answered: bool = True) -> str:
    """How an arm is by the worker's word, and what it said last, from which model; whether the cache answered."""
    now = "" if state is None else f"{state}; "
    if signals is None:
        return f"{arm:18}{'-':>8}{'-':>9}  {now}{'nothing on record' if answered else 'the cache does not answer'}"
    return f"{arm:18}{signals.capital:>8.4g}{signals.bar:>9}  {now}{_how(signals)}, from {_served(signals)}"


def arm_rows(found: Mapping[str, Status | None], said: Mapping[str, Signals | None]) -> dict[str, Any]:
    """Each arm as plain values: `now` by the worker's word, `last` what it said last; None where nobody knows."""
    return {arm: {"now": _state(found, arm), "last": last and signal_facts(last)} for arm, last in said.items()}


def _state(found: Mapping[str, Status | None], arm: str) -> str | None:
    """As the one process says that serves it; what is made of several arms has no state of its own."""
    return next((status.arms[arm] for status in found.values() if status is not None and arm in status.arms), None)


def status_row(status: Status) -> dict[str, Any]:
    """A process as plain values."""
    beat = status.heartbeat
    facts = {"pid": beat.pid, "bar": beat.bar, **beat.counters, "links": dict(status.links)}
    return facts | {"waits_for_space": status.waits_for_space}


def status_line(name: str, status: Status) -> str:
    """What it waits for, and links where something is wrong, before everything else."""
    beat = status.heartbeat
    links = [f"link to {writer}: {state}" for writer, state in status.links.items() if state != "current"]
    counters = [f"{key} {count}" for key, count in _told(name, beat.counters).items()]
    waits = ["the disk is full, waiting for space"] if status.waits_for_space else []
    return f"{name:18}{beat.pid:>8}{beat.bar:>9}  {'  '.join([*waits, *links, *counters])}"


def _told(name: str, counters: Mapping[str, int]) -> dict[str, int | str]:
    """Of the monitor, which counts for all, only restarts and the time from bar to signal."""
    if name != "monitor":
        return dict(counters)
    restarts = {f"{key} ": count for key, count in counters.items() if key.endswith(".restarts") and count}
    spent = {key: counters.get(f"latency.total.{key}") for key in ("p50", "p99", "max")}
    return restarts | {f"total {key}": f"{ns / 1e6:.1f} ms" for key, ns in spent.items() if ns is not None}


def section_line(section: Section) -> str:
    """A section with the symbols it thinks most of."""
    signals = section.signals
    when = datetime.fromtimestamp(signals.stamp / 1e9, UTC).strftime("%Y-%m-%d %H:%M")
    ranked = sorted(section.by_symbol().items(), key=lambda pair: -pair[1])
    best = "  ".join(f"{symbol} {value:+.4f}" for symbol, value in ranked[:BEST])
    how = f"{_how(signals):28} {_served(signals)}"
    return f"{when}  bar {signals.bar:<6} {how} {len(ranked):5} of {len(section.symbols):<5} {best}"


def _how(signals: Signals) -> str:
    return f"{signals.status}" + (f" ({signals.reason}, age {signals.age})" if signals.reason else "")


def _served(signals: Signals) -> str:
    return f"{signals.model.name}/{signals.model.version}"


def section_facts(section: Section) -> dict[str, Any]:
    """A section as plain values, its own by symbol."""
    counts = {Flag(code).name.lower(): int((section.flags == code).sum()) for code in set(section.flags.tolist())}
    return {**signal_facts(section.signals), "signals": section.by_symbol(), "flags": counts}


def signal_facts(signals: Signals) -> dict[str, Any]:
    """What is said about a section, without its values."""
    return {
        "journal": signals.journal.hex(),
        "bar": signals.bar,
        "time": signals.time,
        "stamp": signals.stamp,
        "arm": signals.arm,
        "capital": signals.capital,
        "model": _served(signals),
        "status": signals.status,
        "reason": signals.reason,
        "revision": signals.revision,
        "age": signals.age,
    }
