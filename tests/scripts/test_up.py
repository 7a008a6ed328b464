"""What `make up` says when it is stopped."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from common.market.journal import Journal
from common.models.records import ModelRef
from scripts import up
from scripts.command import console
from tests.services.cluster import toy_config


@pytest.mark.parametrize(("on_record", "goes_on"), [(3, 3), (0, 9)])
def test_the_record_says_where_the_next_start_goes_on(
    on_record: int, goes_on: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a cache said that remembers more than was left of the record does not count."""
    config = toy_config(tmp_path, tmp_path / "registry")
    if on_record:
        with Journal.open(config.state / "journal", sync="never") as journal:
            for bar in range(1, on_record + 1):
                journal.append(1, bar, b"said")

    @contextmanager
    def pipeline(*_: Any) -> Iterator[None]:
        yield

    def watched(_pipeline: Any, figures: dict[str, Any], *_: Any) -> None:
        figures["bar"] = 9
        raise KeyboardInterrupt

    monkeypatch.setattr(up, "Pipeline", pipeline)
    monkeypatch.setattr(up, "watch_over", watched)
    monkeypatch.setattr(up, "tell", lambda *_: None)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    assert up.run(config, tmp_path / "config.toml", ModelRef("toy", 1, "0" * 64), console())["bar"] == goes_on
