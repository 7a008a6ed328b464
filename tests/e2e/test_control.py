"""An arm is halted and resumed from another terminal, and a restart in between changes nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from common.replay.pipeline import ROOT
from tests.e2e.acting import INSTANCE, Play, playing

PATIENCE_S = 60.0


def command(play: Play, verb: str, arm: str = "champion", why: str = "a drill") -> subprocess.CompletedProcess[str]:
    """`python -m scripts.control`, as a person types it."""
    arguments = [verb, arm, "--why", why, "--by", "ann", "--instance", INSTANCE]
    arguments += ["--run-dir", str(play.act.config.run_dir), "--wait", str(PATIENCE_S)]
    return subprocess.run(
        [sys.executable, "-m", "scripts.control", *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=2 * PATIENCE_S, check=False,
    )  # fmt: skip


def status(play: Play) -> Any:
    """`python -m alphabus status --json`."""
    asked = [sys.executable, "-m", "alphabus", "status", INSTANCE, "--json", "--run-dir", str(play.act.config.run_dir)]
    return json.loads(subprocess.run(asked, cwd=ROOT, capture_output=True, timeout=PATIENCE_S, check=True).stdout)


def test_a_halt_outlives_the_worker(run_dir: Path) -> None:
    """Void at once, void after SIGKILL of the worker, fresh after `resume`; wrong names are refused with the right."""
    with playing(run_dir / "control") as play:
        play.sections(3)
        wrong = command(play, "halt", "chmpion")
        assert wrong.returncode == 1
        assert "did you mean 'champion'?" in wrong.stderr
        assert command(play, "halt", why="odd orders").returncode == 0
        play.until(lambda: play.said[-1].reason.value == "halted")
        os.kill(play.act.pid("inference_worker"), signal.SIGKILL)
        count = len(play.said)
        play.sections(5)
        assert {(it.status.value, it.reason.value) for it in play.said[count:]} == {("void", "halted")}
        champion = status(play)["arms"]["champion"]
        assert champion["now"] == "halted"
        assert (champion["last"]["status"], champion["last"]["reason"]) == ("void", "halted")
        assert champion["last"]["model"] == f"{play.said[-1].model.name}/{play.said[-1].model.version}"
        assert command(play, "resume").returncode == 0
        assert status(play)["arms"]["champion"]["now"] == "free"
        play.until(lambda: play.said[-1].status.value == "fresh")
        assert [(it.action, it.by, it.why) for it in play.history() if it.action != "start"] == [
            ("halt", "ann", "odd orders"),
            ("resume", "ann", "a drill"),
        ]
