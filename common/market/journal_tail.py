"""The open end of the last segment: whole records or none, and no trust in a disk that has failed once."""

import os
from pathlib import Path

from common.errors import JournalError, NoRoomError
from common.room import is_full


class Tail:
    """A segment open for appending; `size` is where its last whole record ends."""

    def __init__(self, path: Path, size: int) -> None:
        self.path = path
        self.size = size
        self._fault: str | None = None
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)

    @property
    def usable(self) -> bool:
        """Whether records are taken: not after a close or a failed sync."""
        return self._fault is None

    def write(self, parts: list[bytes]) -> None:
        """Append the parts as one, or raise JournalError and leave the file as it was."""
        self._check()
        wanted = sum(map(len, parts))
        try:
            written = os.writev(self._file, parts)
        except OSError as error:
            raise self._retract(str(error), NoRoomError if is_full(error) else JournalError) from error
        if written != wanted:
            raise self._retract(f"{written} of {wanted} bytes were written: is the disk full?", NoRoomError)
        self.size += wanted

    def sync(self) -> None:
        """Force what was written to disk; after a failure nothing is taken any more."""
        self._check()
        try:
            os.fdatasync(self._file)
        except OSError as error:
            # A second sync would report success for pages the kernel has dropped.
            self._fault = f"a sync failed ({error}); restart to recover from what is on disk"
            raise JournalError(f"syncing {self.path} failed: {error}; restart to recover") from error

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        if self._file >= 0:
            os.close(self._file)
            self._file, self._fault = -1, self._fault or "it is closed"

    def _check(self) -> None:
        if self._fault is not None:
            raise JournalError(f"{self.path} takes no records: {self._fault}")

    def _retract(self, reason: str, kind: type[JournalError]) -> JournalError:
        """Take a half-written record back, so that the next one can be tried when there is space again."""
        try:
            os.ftruncate(self._file, self.size)
        except OSError as error:
            self._fault = f"a half-written record could not be taken back ({error}); restart to recover"
            kind = JournalError
        return kind(f"writing to {self.path} failed: {reason}; nothing was recorded")
