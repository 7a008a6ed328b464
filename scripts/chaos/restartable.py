"""A pipeline that may be started again on the same state, after its launcher was killed."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Self

from common.config import Config
from common.replay.pipeline import Pipeline


class Restartable:
    """Runs while its context lasts; nothing is left of it then."""

    def __init__(self, config: Config, config_file: Path) -> None:
        self._config, self._config_file = config, config_file
        self._stack = ExitStack()
        self._pipeline = self._started()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def running(self) -> bool:
        """Whether the launcher lives."""
        return self._pipeline.running

    @property
    def launcher(self) -> int:
        """Process id of the launcher."""
        return self._pipeline.launcher_pid

    @property
    def recorded_bar(self) -> int:
        """The newest bar that the cache has on record; 0 when it does not answer."""
        cache = self._pipeline.status("signal_cache")
        return 0 if cache is None else cache.bar

    def start_again(self, *, expected: bool) -> bool:
        """Clear away what is left and start anew; False when nobody killed the launcher."""
        if expected:
            self._stack.close()
            self._pipeline = self._started()
        return expected

    def _started(self) -> Pipeline:
        self._stack = ExitStack()
        return self._stack.enter_context(Pipeline(self._config, self._config_file))
