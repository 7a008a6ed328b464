"""A replay on a machine with a live pipeline: neither hears of the other."""

from __future__ import annotations

import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from alphabus.client import Section, SignalClient
from alphabus.messages import Mode
from tests.e2e.harness import Bench, Ran
from tests.e2e.test_operations import PATIENCE_S, gone, start

LIVE = "live"
PATIENCE_NS = int(PATIENCE_S * 1e9)


def heard(client: SignalClient, count: int) -> list[Section]:
    """So many sections in a row."""
    found: list[Section] = []
    while len(found) < count:
        section = client.receive(PATIENCE_NS)
        found += [] if section is None else [section]
    return found


@pytest.mark.long
def test_a_replay_beside_a_live_pipeline(market: Bench, undisturbed: Ran, tmp_path: Path, run_dir: Path) -> None:
    """Its bits are those of a replay alone; the live client got every section of its own, and nothing else."""
    words = ["--bars", str(market.bars), "--out", str(tmp_path / "live"), "--pace", "0.25", "--instance", LIVE]
    with ExitStack() as stack:
        launcher = start(["-m", "scripts.up", *words, "--registry", str(market.folder / "up-registry")])
        stack.callback(lambda: gone(run_dir))
        stack.callback(launcher.kill)
        with SignalClient(LIVE, run_dir=run_dir) as client:
            before = heard(client, 1)
            ran = market.run()
            after = heard(client, 2)
        assert launcher.poll() is None
        launcher.send_signal(signal.SIGTERM)
        launcher.communicate(timeout=PATIENCE_S)
    assert launcher.returncode == 0
    assert ran.missing == []
    assert ran.digest == undisturbed.digest
    sections = [*before, *after]
    assert {section.signals.mode for section in sections} == {Mode.LIVE}
    assert {section.signals.journal for section in sections} == {before[0].signals.journal}
    bars = [section.signals.bar for section in sections if not section.signals.revision]
    assert bars == list(range(bars[0], bars[0] + len(bars)))
