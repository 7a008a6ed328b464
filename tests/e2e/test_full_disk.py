"""A disk that is really full, under real processes: journal, record and logs are on it (needs root, to mount one)."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from alphabus.client import SignalClient
from alphabus.endpoints import SERVICES
from alphabus.status import waits_for_space
from common.config import Config, make_config
from common.replay.pipeline import Pipeline
from common.replay.preparation import write_config
from common.replay.results import section_rows
from scripts.processes.kin import services_with
from tests.e2e.harness import Bench

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a file system: not run"),
]

PATIENCE_S = 90.0
PATIENCE_NS = int(PATIENCE_S * 1e9)
SIZE = "size=8m"
KEEPERS = ("bar_feed", "signal_cache")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", SIZE, "none", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(ballast: Path) -> None:
    """Take what is left."""
    with ballast.open("ab", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def until(pipeline: Pipeline, what: Callable[[], bool]) -> None:
    """Wait for it; whoever ends everything meanwhile has not kept the promise."""
    ends = time.monotonic() + PATIENCE_S
    while not what():
        assert pipeline.running, pipeline.last_words()
        assert time.monotonic() < ends, {name: pipeline.status(name) for name in SERVICES}
        time.sleep(0.05)


def bar_of(pipeline: Pipeline, service: str) -> int:
    """How far it is; -1 while it does not answer."""
    beat = pipeline.status(service)
    return -1 if beat is None else beat.bar


def answers(pipeline: Pipeline, service: str) -> bool:
    """Whether it answers in time; on a busy machine it may take another question."""
    return pipeline.status(service) is not None


def waits(pipeline: Pipeline, service: str) -> bool:
    """Whether it says that it waits for space."""
    beat = pipeline.status(service)
    return beat is not None and waits_for_space(beat.counters)


def deaths(pipeline: Pipeline, service: str) -> int:
    """How often its supervisor said that it ended for want of space."""
    return sum(f"services.{service} ended for want of space" in line for line in pipeline.last_words(1000))


def on_disk(market: Bench, disk: Path) -> tuple[Config, Path]:
    """A paced run whose state and logs are there."""
    prepared = market.prepare(feed={"pace_s": 0.1}, inference={"policy": "deadline"})
    values = prepared.config.model_dump(mode="json", exclude_none=True)
    config = make_config({**values, "state": str(disk / "state"), "logs": str(disk / "logs")}, "the test")
    return config, write_config(prepared.config_file.parent, config)


def test_all_go_on_when_there_is_space_again(market: Bench, run_dir: Path, disk: Path) -> None:
    """Feed and cache wait and say so, also after they were killed; the others live on; then no section is missing."""
    config, config_file = on_disk(market, disk)
    with Pipeline(config, config_file) as pipeline, SignalClient("test", mode="replay", run_dir=run_dir) as client:
        assert client.receive(PATIENCE_NS) is not None
        first = bar_of(pipeline, "signal_cache")
        fill(disk / "ballast")
        until(pipeline, lambda: waits(pipeline, "bar_feed"))
        pids = services_with(config_file)
        for name in KEEPERS:
            os.kill(pids[name], signal.SIGKILL)
        # They are started, and find no space, more than once; what their supervisors say the full disk does not take.
        until(pipeline, lambda: all(deaths(pipeline, name) >= 2 for name in KEEPERS))
        for name in ("factor_engine", "inference_worker", "monitor"):
            until(pipeline, partial(answers, pipeline, name))
        os.truncate(disk / "ballast", 0)
        until(pipeline, lambda: bar_of(pipeline, "bar_feed") >= first + 30)
        reached = bar_of(pipeline, "bar_feed")
        until(pipeline, lambda: bar_of(pipeline, "signal_cache") >= reached)
    bars = sorted({row["bar"] for row in section_rows(config.state, list(config.arms))})
    assert bars == list(range(bars[0], bars[-1] + 1))
    assert bars[-1] >= reached
