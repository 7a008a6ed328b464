"""What is told of a child that is ready to score."""

from __future__ import annotations

from collections.abc import Iterator

from services.inference_worker.actions import Detail, Told
from services.inference_worker.crew import Crew
from services.inference_worker.executor.exchange import Ready


def readiness(crew: Crew, ready: Ready) -> Iterator[Told]:
    """Who is ready, and where the library scores although something is faster."""
    facts: Detail = {"pid": crew.seat.pid, "start": crew.seat.starts, "scorer": ready.scorer}
    yield Told("info", "executor_ready", {"model": str(crew), **facts})
    # That is worth a line, and if it had other bits, a person.
    if ready.refusal:
        level = "warning" if ready.alarming else "info"
        yield Told(level, "scorer_refused", {"scorer": ready.scorer, "detail": ready.refusal})
