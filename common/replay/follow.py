"""Following a run from outside: how far it is, and when it is over."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from alphabus.clock import Clock
from alphabus.messages import Heartbeat
from alphabus.status import waits_for_space
from common.replay.pipeline import Pipeline

SECOND_NS = 1_000_000_000
STALLED_NS = 120 * SECOND_NS
LOOK_S = 0.05  # often enough for a progress bar; oftener would take time from what is watched


@dataclass(frozen=True, slots=True)
class Progress:
    """Sections the feed has sent, and sections whose signals are on record."""

    sent: int = 0
    recorded: int = 0
    ended: bool = False
    full: tuple[str, ...] = ()
    """Who waits for space on a disk."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: empty when by itself, else why it was given up."""

    trouble: str = ""


def follow(
    pipeline: Pipeline,
    clock: Clock,
    report: Callable[[Progress], None],
    stalled_ns: int = STALLED_NS,
    pause: Callable[[], None] = lambda: time.sleep(LOOK_S),
) -> Outcome:
    """Watch until the cache has the end on record; give up when honcho ends, or nothing moves for `stalled_ns`."""
    seen, moved_ns = Progress(), clock.monotonic_ns()
    while True:
        now = _look(pipeline, seen)
        if now != seen:
            seen, moved_ns = now, clock.monotonic_ns()
            report(seen)
        if seen.ended:
            return Outcome()
        if not pipeline.running:
            return Outcome("the processes ended before the stream did; their last words are in the logs")
        if clock.monotonic_ns() - moved_ns > stalled_ns:
            why = f"the disk of {' and '.join(seen.full)} is full" if seen.full else "the logs say where it stands"
            return Outcome(f"nothing moved for {stalled_ns // SECOND_NS} s; {why}")
        pause()


def waiting_of(beats: Iterable[Heartbeat], before: Iterable[str]) -> tuple[str, ...]:
    """Who waits for space, by name; of who does not answer what was known."""
    waits = {beat.service: waits_for_space(beat.counters) for beat in beats}
    return tuple(sorted(name for name, still in (dict.fromkeys(before, True) | waits).items() if still))


def _look(pipeline: Pipeline, seen: Progress) -> Progress:
    feed, cache = pipeline.status("bar_feed"), pipeline.status("signal_cache")
    return Progress(
        sent=max(seen.sent, feed.bar if feed else 0),
        recorded=max(seen.recorded, cache.bar if cache else 0),
        ended=seen.ended or bool(cache and cache.counters.get("ended")),
        full=waiting_of([beat for beat in (feed, cache) if beat is not None], seen.full),
    )
