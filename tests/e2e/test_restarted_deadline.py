"""A worker killed just after a section: the next one is due while its child still loads, and is not sent as fresh."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from alphabus.clock import SystemClock
from tests.e2e.acting import playing

TIMES = 2
PACE_S, LOAD_S, DEADLINE_S = 2.0, 0.7, 0.3
"""With what else a child needs to start it would be in time, if its wait began with the restart."""


@pytest.mark.long
def test_what_was_due_before_the_child_was_ready_is_held(run_dir: Path) -> None:
    """Held, for whichever reason the moment of the restart makes it, and fresh again by itself soon after."""
    plan, clock = run_dir / "faults.toml", SystemClock()
    plan.write_text(f'[[fault]]\naction = "late"\nstarts = [1]\nseconds = {LOAD_S}\n', encoding="utf-8")
    inference = {"deadline_ms": round(DEADLINE_S * 1000), "late_until_ms": 900, "faults": str(plan)}
    with playing(run_dir / "restarted", feed={"pace_s": PACE_S}, inference=inference) as play:
        for _ in range(TIMES):
            play.sections(1)
            bar, heard_ns = play.said[-1].bar, clock.wall_ns()
            os.kill(play.act.logged("inference_worker", "started")[-1].fields["pid"], signal.SIGKILL)
            play.until(lambda bar=bar: play.said[-1].bar > bar + 1 and play.said[-1].status.value == "fresh")  # type: ignore[misc]
            said = [(it.status.value, it.reason.value) for it in play.said if it.bar == bar + 1]
            ready_ns = next(it.time_ns for it in play.act.logged("inference_worker", "executor_ready")[::-1])
            in_time = ready_ns - heard_ns < (PACE_S + DEADLINE_S) * 1e9
            held = [("held", "timeout"), ("held", "gap")]
            assert said[0] in [*held, *([("fresh", "")] if in_time else [])]
            assert said[1:] in ([], [("late", "")])
