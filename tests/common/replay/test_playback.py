"""A replay from start to end, the processes left out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from alphabus.messages import Heartbeat
from alphabus.testing import ManualClock
from common.market.sample import sample_market
from common.models.records import ModelRef
from common.replay import playback
from common.replay.follow import Outcome
from common.replay.playback import INTERRUPTION, Playback
from common.replay.preparation import Prepared, Wish, configure, load
from common.research.training import Trained

BEAT = Heartbeat("monitor", 1, bytes(16), 0, 0, {}, {})


class Silent:
    """Processes that leave nothing on record."""

    def status(self, service: str) -> Heartbeat | None:
        """The monitor alone answers."""
        return BEAT if service == "monitor" else None

    def last_words(self) -> list[str]:
        """What was said last."""
        return ["farewell"]


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """A small market, ready to be launched."""
    sample_market(symbols=20, days=60).write_parquet(tmp_path / "bars.parquet")
    wish = Wish(tmp_path / "bars.parquet", tmp_path / "out", registry=tmp_path / "registry")
    table, split = load(wish)
    trained = Trained(ModelRef("bars", 1, "0" * 64), reused=False)
    return Prepared(table, split, trained, configure(wish, table, split), tmp_path / "config.toml")


@pytest.mark.parametrize(
    ("end", "trouble", "words"),
    [(Outcome(), "", []), (Outcome("stuck"), "stuck", ["farewell"]), (None, INTERRUPTION, ["farewell"])],
    ids=["by itself", "given up", "Ctrl-C"],
)
def test_however_it_ends_what_there_is_is_read(
    end: Outcome | None, trouble: str, words: list[str], prepared: Prepared, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when it is interrupted; last words are those of trouble, and the processes are stopped before it is read."""
    order: list[str] = []

    @contextmanager
    def launched(config: Any, file: Path) -> Iterator[Silent]:
        order.append(f"{config.instance} {file.name}")
        yield Silent()
        order.append("stopped")

    def followed(*_: Any) -> Outcome:
        if end is None:
            raise KeyboardInterrupt
        return end

    monkeypatch.setattr(playback, "Pipeline", launched)
    monkeypatch.setattr(playback, "follow", followed)
    played = Playback.of(prepared, ManualClock(), lambda _: None)
    assert order == ["bars config.toml", "stopped"]
    assert (played.outcome.trouble, played.last_words, played.monitor) == (trouble, words, BEAT)
    assert (played.signals.height, played.rows) == (0, [])
