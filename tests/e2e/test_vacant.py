"""An arm whose bundle is damaged, on real processes: the worker starts, the others serve, it comes in once mended."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from alphabus.messages import Signals
from common.market.journal import Journal
from common.message_log import MessageLog
from scripts.drill.moody import WEIGHTS
from tests.e2e.acting import INSTANCE, Play, playing

ARMS = {"champion": {"alias": "champion", "capital": 1.0}, "second": {"alias": "challenger", "capital": 0.0}}


def flip(path: Path) -> None:
    """One bit of a file, there and back."""
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)


def record_of(play: Play, arm: str) -> list[Signals]:
    """All that an arm said, once nobody writes any more."""
    with Journal.open(play.act.config.state / "signals" / arm, sync="never") as journal:
        return [message for message in MessageLog(journal).read() if isinstance(message, Signals)]


def test_a_damaged_shadow_costs_the_champion_nothing(run_dir: Path) -> None:
    """Its worker is killed and comes back by itself; what the shadow said is held, until its bundle is mended."""
    with playing(run_dir / "vacant", challenger="second", arms=ARMS) as play:
        play.until(lambda: play.registry.last_served(INSTANCE, "second") is not None)
        weights = play.registry.folder(play.cast.models["second"]) / WEIGHTS
        flip(weights)
        os.kill(play.act.pid("inference_worker"), signal.SIGKILL)
        count = len(play.said)
        play.until(lambda: len(play.said) > count + 3 and play.said[-1].status.value == "fresh")
        (told,) = play.act.logged("inference_worker", "arm_vacant")
        assert "digest differs" in told.fields["detail"]
        assert "arm second: drill/" in told.fields["detail"]
        flip(weights)
        play.until(lambda: play.history("second")[-1].action == "swap")
        assert (play.history("second")[-1].source, "were changed" in play.history("second")[-1].why) == (None, True)
        play.sections(4)
    said = [(it.status.value, it.reason.value) for it in record_of(play, "second")]
    assert said[0] == said[-1] == ("fresh", "")
    assert ("held", "crash") in said
