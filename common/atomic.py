"""Replacing a file so that a reader, or a crash, meets the old one or the new one and nothing between."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.room import OF_DISK, is_full, refused_by_system


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path of this call alone; it takes the place of `path`, durably, when the block ends well.

    A full disk is an OSError that names the file, whatever a library makes of it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.urandom(8).hex()}.tmp")
    try:
        yield temporary
        sync_file(temporary)
        temporary.replace(path)
        sync_folder(path.parent)
    except Exception as error:
        refused = refused_by_system(error)
        if refused is None or not (refused is error or is_full(refused)):
            raise
        if refused.filename is None and refused.errno in OF_DISK:  # a write that fails does not say of what
            refused.filename = str(path)
        if refused is error:
            raise
        raise refused from error
    finally:
        temporary.unlink(missing_ok=True)


def sync_file(path: Path) -> None:
    """Wait until the file's content is on disk."""
    _sync(path, os.O_RDWR)


def sync_folder(path: Path) -> None:
    """Wait until the folder's names are on disk: a rename is durable only then."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
