"""Writes the lines' states when that loses nothing, and reads them at start; the loop never waits for a disk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from pathlib import Path

from structlog.typing import FilteringBoundLogger

from common.errors import SnapshotError
from services.factor_engine.line import Held, Line, Place
from services.factor_engine.snapshot import Shelf

# Level, event and detail of what somebody should know.
Alert = Callable[[str, str, Mapping[str, str]], None]


class Keeper:
    """Keeps one file a line; a failed write leaves the file that was there, and is tried again with the next copy."""

    def __init__(self, folder: Path, room: Executor, log: FilteringBoundLogger, alert: Alert) -> None:
        self._shelf, self._room, self._log, self._alert = Shelf(folder), room, log, alert

    def resume(self, line: Line) -> bool:
        """Let a line go on from its file; False when there is none, and one that cannot be used means the beginning."""
        try:
            snapshot = self._shelf.load(line.name)
            if snapshot is None:
                return False
            line.desk.resume(snapshot.position, snapshot.state)
        except SnapshotError as error:
            self.refused(line.name, error)
            return True
        line.held_bar, line.on_disk = line.desk.bar, (line.desk.journal, line.desk.bar)
        self._log.info("resumed", name=line.name, bar=line.desk.bar)
        return True

    def knows(self, name: str) -> bool:
        """Whether a plan of this name was at work: then it has a file, whatever is in it."""
        return self._shelf.has(name)

    def refused(self, name: str, error: SnapshotError) -> None:
        """Tell that a state is made anew."""
        self._log.warning("snapshot_refused", name=name, error=str(error), consequence="cold rebuild")
        self._alert("warning", "snapshot_refused", {"plan": name, "error": str(error)})

    def begin(self, line: Line) -> None:
        """Put on file that a line is at work from the beginning on."""
        line.hold(free=True)
        self._write(line)

    def has_kept(self, line: Line) -> bool:
        """Write the state of a line that nobody hears yet; tell, asked again and again, when it was tried."""
        if line.held is None and line.saving is None:
            line.hold(free=True)
            self._write(line)
        return self._is_through(line)

    def tend(self, line: Line, acknowledged: int) -> None:
        """Write what is held once all that was published up to there is acknowledged: a restart begins behind it."""
        if not self._is_through(line):
            return
        held = line.held
        if held is not None and held.journal != line.desk.journal:
            line.held = None
        elif held is not None and (held.free or acknowledged >= held.bar):
            self._write(line)

    def drop(self, line: Line) -> None:
        """Take a line's file away, after whatever is being written of it."""
        self._room.submit(self._shelf.drop, line.name)

    def keep_only(self, names: Iterable[str]) -> None:
        """Take away the files of all others."""
        self._shelf.keep_only(set(names))

    def _write(self, line: Line) -> None:
        if line.held is not None:
            line.saving, line.held = self._room.submit(self._save, line.name, line.held), None

    def _save(self, name: str, held: Held) -> Place:
        self._shelf.save(name, held.content())
        return held.journal, held.bar

    def _is_through(self, line: Line) -> bool:
        """Whether nothing is being written; what failed is told once."""
        if line.saving is None:
            return True
        if not line.saving.done():
            return False
        error = line.saving.exception()
        saved, line.saving = line.saving, None
        if error is None:
            line.on_disk = saved.result()
        else:
            self._log.warning("snapshot_failed", name=line.name, error=str(error))
            self._alert("warning", "snapshot_failed", {"plan": line.name, "error": str(error)})
        return True
