"""An instance that is kept up: nothing else goes on with its record, and no replay empties it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from common.config import Config, make_config
from common.errors import BarFileError, ConfigError
from common.identity import claim_state
from common.replay.claim import refuse_upkeep
from common.replay.preparation import write_config
from common.replay.upkeep import refuse_another_market


def kept(out: Path, **changes: Any) -> Config:
    """As `make up` configures one."""
    source = {"kind": "generated", "bars": "bars.parquet", "seed": 1}
    values = {"instance": "one", "state": str(out / "state"), "feed": {"source": source, "pace_s": 1.0}}
    return make_config(values | changes, "test")


def put(out: Path) -> Path:
    """An instance with a record; returns its configuration's file."""
    (out / "state" / "journal").mkdir(parents=True)
    return write_config(out, kept(out))


def test_another_instance_does_not_go_on_with_it(tmp_path: Path) -> None:
    """By its configuration, or by what the state itself says; its own name may."""
    file = put(tmp_path)
    refuse_another_market(kept(tmp_path), file)
    with pytest.raises(ConfigError, match="belongs to instance 'one', not 'two'"):
        refuse_another_market(kept(tmp_path, instance="two"), file)
    claim_state(kept(tmp_path))
    file.unlink()
    with pytest.raises(ConfigError, match="state belongs to instance 'one', not 'two'"):
        refuse_another_market(kept(tmp_path, instance="two"), file)


def test_another_market_is_refused(tmp_path: Path) -> None:
    """It would be two in one journal."""
    file, source = put(tmp_path), {"kind": "generated", "bars": "bars.parquet", "seed": 2}
    with pytest.raises(ConfigError, match="goes on from"):
        refuse_another_market(kept(tmp_path, feed={"source": source, "pace_s": 1.0}), file)


def test_a_replay_does_not_empty_it(tmp_path: Path) -> None:
    """A replay's own folder, or one without a configuration, is as free as ever."""
    refuse_upkeep(tmp_path)
    write_config(tmp_path, kept(tmp_path, feed={"source": {"bars": "bars.parquet"}}))
    refuse_upkeep(tmp_path)
    write_config(tmp_path, kept(tmp_path))
    with pytest.raises(BarFileError, match="a replay would empty it"):
        refuse_upkeep(tmp_path)
