"""Bars to signals: complete, the same twice, the same however fast, the same whatever is killed."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from alphabus.endpoints import SERVICES
from common.replay.follow import Progress
from common.replay.pipeline import Pipeline
from common.replay.summary import restarts
from tests.e2e.harness import Bench, Ran


def kill_once(target: Callable[[Pipeline], int | None], at: int) -> Callable[[Pipeline, Progress], None]:
    """Something that sends one SIGKILL to whom `target` names, once `at` sections are on record."""
    killed: list[int] = []

    def during(pipeline: Pipeline, now: Progress) -> None:
        if not killed and now.recorded >= at and (pid := target(pipeline)) is not None:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    during.killed = killed  # type: ignore[attr-defined]  # for the test to see that it happened
    return during


def pid_of(service: str) -> Callable[[Pipeline], int | None]:
    """The process id of a service, asked for at the moment of the kill."""

    def find(pipeline: Pipeline) -> int | None:
        beat = pipeline.status(service)
        return None if beat is None else beat.pid

    return find


def executor_child(pipeline: Pipeline) -> int | None:
    """The process id of the worker's executor child."""
    worker = pid_of("inference_worker")(pipeline)
    if worker is None:
        return None
    children = Path(f"/proc/{worker}/task/{worker}/children").read_text(encoding="ascii").split()
    return int(children[0]) if children else None


def test_every_replayed_section_is_fresh(undisturbed: Ran) -> None:
    """Under `wait` every section of a market without partial days is computed from its own bar."""
    replayed = undisturbed.prepared.split.replayed
    assert [row["status"] for row in undisturbed.rows] == ["fresh"] * replayed
    assert {row["bar"] for row in undisturbed.rows} == set(range(281, 281 + replayed))


def test_the_digest_is_the_same_twice(market: Bench, undisturbed: Ran, run_dir: Path) -> None:
    """The same bars and the same model give the same bits."""
    assert market.run().digest == undisturbed.digest


def test_the_digest_is_the_same_when_paced(market: Bench, undisturbed: Ran, run_dir: Path) -> None:
    """How fast bars come changes nothing in the signals."""
    assert market.run(feed={"pace_s": 0.02}).digest == undisturbed.digest


def test_a_killed_executor_leaves_the_digest_unchanged(market: Bench, undisturbed: Ran, run_dir: Path) -> None:
    """The section the child had is computed again by the next one."""
    during = kill_once(executor_child, at=300)
    ran = market.run(during, feed={"pace_s": 0.03})
    assert during.killed  # type: ignore[attr-defined]
    assert ran.missing == []
    assert ran.digest == undisturbed.digest


@pytest.mark.long
@pytest.mark.parametrize("service", SERVICES)
def test_a_killed_process_comes_back_alone(service: str, market: Bench, undisturbed: Ran, run_dir: Path) -> None:
    """SIGKILL of any one process: it is restarted, the run ends by itself, complete and with the same bits."""
    during = kill_once(pid_of(service), at=300)
    ran = market.run(during, feed={"pace_s": 0.03})
    assert during.killed  # type: ignore[attr-defined]
    assert ran.outcome.trouble == ""
    assert ran.missing == []
    assert ran.digest == undisturbed.digest
    assert restarts(ran.prepared.config.logs) == {**dict.fromkeys(SERVICES, 0), service: 1}
    epoch = (run_dir / "test" / f"{service}.epoch").read_text(encoding="ascii")
    assert int(epoch) == 2
