"""A pipeline that keeps running: live signals on bars that never end, stopped cleanly, and going on where it was."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from alphabus.client import Section, SignalClient
from alphabus.messages import Mode, Reason
from scripts.processes.kin import services_with
from tests.e2e.harness import Bench, parent_of
from tests.e2e.test_operations import PATIENCE_S, gone, start

STEP_NS = 60_000_000_000  # market time from section to section
PATIENCE_NS = int(PATIENCE_S * 1e9)


@contextmanager
def upkeep(market: Bench, out: Path, run_dir: Path) -> Iterator[subprocess.Popen[str]]:
    """`python -m scripts.up` on the small market; killed if the test fails before it ended."""
    launcher = start(
        ["-m", "scripts.up", "--bars", str(market.bars), "--out", str(out), "--pace", "0.25", "--instance", "test",
         "--registry", str(market.folder / "up-registry")]
    )  # fmt: skip
    try:
        yield launcher
    finally:
        if launcher.poll() is None:
            launcher.kill()
            launcher.communicate(timeout=PATIENCE_S)
            gone(run_dir)


@contextmanager
def ignored(number: signal.Signals) -> Iterator[None]:
    """Within it nobody hears this signal."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)


def received(launcher: subprocess.Popen[str], run_dir: Path, count: int) -> list[Section]:
    """Some live sections in a row; the one after them comes when it is asked for, too."""
    with SignalClient("test", run_dir=run_dir) as client:
        found: list[Section] = []
        while len(found) < count:
            section = client.receive(PATIENCE_NS)
            assert section is not None or launcher.poll() is None
            found += [] if section is None else [section]
        following = found[-1].signals.time + STEP_NS
        asked = client.get_signal(following, wait=PATIENCE_NS)
    assert asked is not None
    assert (asked.signals.time, asked.signals.bar) == (following, found[-1].signals.bar + 1)
    assert asked.signals.reason != Reason.WAIT
    return found


def fresh_line(process: subprocess.Popen[str]) -> dict[str, object]:
    """The first fresh section that `watch --json` prints."""
    assert process.stdout is not None
    for line in process.stdout:
        section: dict[str, object] = json.loads(line)
        if section["status"] == "fresh":
            return section
    raise AssertionError("watch ended without a fresh section")


def stopped(launcher: subprocess.Popen[str], number: signal.Signals, run_dir: Path) -> str:
    """What it said, once it was told to stop and nothing of it is left."""
    launcher.send_signal(number)
    _, told = launcher.communicate(timeout=PATIENCE_S)
    assert launcher.returncode == 0, told
    assert gone(run_dir)
    return told


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_until_it_is_stopped_and_goes_on(
    number: signal.Signals, market: Bench, tmp_path: Path, run_dir: Path
) -> None:
    """Live, without a hole, fresh as far as the machine allows; the second start goes on with the same model."""
    out = tmp_path / "live"
    with upkeep(market, out, run_dir) as launcher:
        first = received(launcher, run_dir, 5)
        watch = start(["-m", "alphabus", "watch", "test", "--json"])
        line = fresh_line(watch)
        watch.send_signal(signal.SIGINT)
        watch.communicate(timeout=PATIENCE_S)
        told = stopped(launcher, number, run_dir)
    assert "-m alphabus watch test" in told
    bars = [section.signals.bar for section in first if not section.signals.revision]
    assert bars == list(range(bars[0], bars[0] + len(bars)))
    assert {section.signals.mode for section in first} == {Mode.LIVE}
    assert isinstance(line["bar"], int)

    with upkeep(market, out, run_dir) as launcher:
        again = received(launcher, run_dir, 3)
        told = stopped(launcher, number, run_dir)
    assert "on record" in told
    assert again[-1].signals.bar > line["bar"]
    assert again[-1].signals.time > first[-1].signals.time
    assert again[-1].signals.journal == first[0].signals.journal
    assert again[-1].signals.model == first[0].signals.model


def test_one_that_was_begun_to_ignore_ctrl_c_is_stopped_by_sigterm(
    market: Bench, tmp_path: Path, run_dir: Path
) -> None:
    """As a shell without job control begins what is to run in the background; it says itself whom to tell."""
    with ExitStack() as stack:
        with ignored(signal.SIGINT):  # whoever is started meanwhile ignores it, too
            launcher = stack.enter_context(upkeep(market, tmp_path / "live", run_dir))
        received(launcher, run_dir, 1)
        launcher.send_signal(signal.SIGINT)
        received(launcher, run_dir, 3)
        told = stopped(launcher, signal.SIGTERM, run_dir)
    assert f"kill {launcher.pid}" in told
    assert "Ctrl-C" not in told


def test_whose_end_came_first_is_named(market: Bench, tmp_path: Path, run_dir: Path) -> None:
    """A supervisor that is killed says nothing; what was written before this start is not about it."""
    out = tmp_path / "live"
    for name in ("signal_cache", "monitor"):
        with upkeep(market, out, run_dir) as launcher:
            received(launcher, run_dir, 1)
            os.kill(parent_of(services_with(out / "config.toml")[name]), signal.SIGKILL)
            _, told = launcher.communicate(timeout=PATIENCE_S)
        assert launcher.returncode == 1
        assert f"the supervisor of {name} was killed (signal 9) without a word, and all others with it" in told
        assert gone(run_dir)
