"""A configuration that names a registry which is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from alphabus.testing import ManualClock
from common.config import make_config
from common.errors import RegistryError
from services.inference_worker.roster import Roster


def test_a_registry_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    """A mistyped folder would be an empty registry, and the worker would ask for a promotion that lands elsewhere."""
    values = {"instance": "t", "state": str(tmp_path / "state"), "feed": {"source": {"bars": "x"}}}
    config = make_config({**values, "registry": str(tmp_path / "nope" / "reg")}, "test")
    with pytest.raises(RegistryError, match=r"there is no registry at .*/nope/reg/registry.sqlite"):
        Roster(config, ManualClock(), lambda _arm, _told: None)
    assert not (tmp_path / "nope").exists()
