"""The factor engine: what it computes, and how it recovers."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from common.config.table import Table


class FactorEngine(Table):
    """The factor engine: which factor set it computes beside those of the models, and how it recovers."""

    set: str = "basic"
    """A shipped set by its name, or a file of one's own (.toml, .py)."""
    snapshot_sections: int = Field(default=250, ge=1)
    """After so many sections the state of each plan is put on disk, for a restart to go on from."""

    @property
    def name(self) -> str:
        """What the set is called in topics and in a model's manifest: a file by its stem."""
        return Path(self.set).stem if self.set.endswith((".toml", ".py")) else self.set
