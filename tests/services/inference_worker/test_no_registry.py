"""A configuration whose registry is not there, or says nothing of what is to serve: no start would go on by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphabus.testing import ManualClock
from common.config import Config, make_config
from common.errors import NotOnRecordError
from common.models.registry import Registry
from services.inference_worker.roster.roster import Roster


def configured(tmp_path: Path) -> Config:
    """An instance with one arm, and a registry in a folder that is not there yet."""
    values = {"instance": "t", "state": str(tmp_path / "state"), "feed": {"source": {"bars": "x"}}}
    return make_config({**values, "registry": str(tmp_path / "nope" / "reg")}, "test")


def roster(config: Config) -> Roster:
    """As a worker makes it; what it tells of arms is left out."""
    return Roster(config, ManualClock(), lambda _arm, _told: None)


def test_a_registry_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A mistyped folder would be an empty registry, and the worker would ask for a promotion that lands elsewhere."""
    with pytest.raises(NotOnRecordError, match=r"there is no registry at .*/nope/reg/registry.sqlite"):
        roster(configured(tmp_path))
    assert not (tmp_path / "nope").exists()


def test_a_registry_without_an_alias_says_what_to_promote(tmp_path: Path) -> None:
    """Nobody ever said what is to serve, and nothing served before: people are to, and are told with which command."""
    config = configured(tmp_path)
    Registry(config.registry, clock=lambda: 1).close()
    it = roster(config)
    with pytest.raises(NotOnRecordError, match=r"instance 't' has no alias 'champion'; put one on record: .* --new"):
        it.posts()
    it.close()
