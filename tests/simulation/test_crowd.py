"""Many seeds at once: whenever it ends, its processes end with it, and nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
from collections import Counter
from collections.abc import Generator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from common.exits import FAILED, INTERRUPTED
from tests.simulation import __main__ as command
from tests.simulation import crowd
from tests.simulation.crowd import judged
from tests.simulation.verdict import Judged


def test_a_crowd_that_is_sent_home_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither a process nor a folder, though most of its seeds are still to come."""
    children: list[subprocess.Popen[str]] = []
    start = crowd._started

    def noted(folder: Path, seeds: range) -> subprocess.Popen[str]:
        children.append(start(folder, seeds))
        return children[-1]

    monkeypatch.setattr(crowd, "MEMORY", tmp_path)
    monkeypatch.setattr(crowd, "_started", noted)
    heard = judged(1000, 1_000, jobs=1)
    assert next(heard).seed == 1000
    assert list(tmp_path.iterdir())
    heard.close()
    assert [child.returncode for child in children] == [-signal.SIGTERM]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(("broken", "status"), [((), INTERRUPTED), (("lost",), FAILED)])
def test_a_signal_ends_the_command_with_what_was_found(
    monkeypatch: pytest.MonkeyPatch, number: signal.Signals, broken: tuple[str, ...], status: int
) -> None:
    """The crowd is sent home before anything is told; the status says that seeds are missing, or that one broke."""
    closed: list[int] = []

    def interrupted(first: int, _count: int, _jobs: int) -> Generator[Judged]:
        try:
            yield Judged(first, broken, Counter(promote=1))
            os.kill(os.getpid(), number)
            yield Judged(first + 1, (), Counter())
        finally:
            closed.append(first)

    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    monkeypatch.setattr(command, "judged", interrupted)
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits that it is ignored
        command.heed_end()
        ended = CliRunner().invoke(command.app, ["--seeds", "5", "--seed", "7", "--json", "-"])
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
    assert (ended.exit_code, closed) == (status, [7])
    assert '"seeds": 1' in ended.stdout
