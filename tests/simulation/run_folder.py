"""The folder below `run`: of what lies there, the epochs; it may be gone when a machine starts again."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

from common.lock import raise_epoch


class RunFolder:
    """Counts the starts of each process as its main program does: here, and in the state."""

    def __init__(self, state: Path, tally: Counter[str]) -> None:
        self._folder, self._state, self._tally = state.parent / "run", state, tally

    def raise_epoch(self, name: str) -> int:
        """The number of this start."""
        return raise_epoch(self._folder / f"{name}.epoch", self._state / "epochs" / name)

    def lose(self) -> None:
        """Everything below is gone."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._tally["run folder lost"] += 1
