"""Configurations as commands take them."""

from pathlib import Path
from typing import Any

from common.replay.toml import write_toml


def config_file(folder: Path, *, instance: str = "test", **values: Any) -> Path:
    """The smallest configuration of an instance, with these keys."""
    folder.mkdir(exist_ok=True)
    path = folder / "alphabus.toml"
    source = {"feed": {"source": {"bars": "bars.parquet"}}}
    write_toml(path, {"instance": instance, "state": str(folder / "state"), **values, **source})
    return path
