"""Whether an instance can write where its configuration says: told by key and value before anything else is done."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from tempfile import TemporaryFile

from common.config import Config
from common.errors import ConfigError

NO_FOLDER = (errno.ENOTDIR, errno.EEXIST, errno.ENOENT, errno.ENAMETOOLONG, errno.ELOOP, errno.EINVAL)
FORBIDDEN = (errno.EACCES, errno.EPERM)
READ_ONLY = (errno.EROFS,)


def check_places(config: Config) -> None:
    """ConfigError where starting again would not help; nothing of a full disk, for which a process waits.

    A disk that turned read-only takes nobody's state, but logs may go to standard error meanwhile.
    """
    _check("state", config.state, (*NO_FOLDER, *FORBIDDEN, *READ_ONLY))
    if config.logs is not None:
        _check("logs", config.logs, (*NO_FOLDER, *FORBIDDEN))


def forbidden_below(config: Config, error: OSError) -> ConfigError | None:
    """The same of a file below the state that was met later; None when the error is another one."""
    path = error.filename
    if error.errno not in (*FORBIDDEN, *READ_ONLY) or not isinstance(path, (str, os.PathLike)):
        return None
    return _told("state", config.state, error) if Path(path).is_relative_to(config.state) else None


def _check(key: str, folder: Path, hopeless: tuple[int, ...]) -> None:
    try:
        # What is not there yet is not made: an instance that is refused for another reason leaves nothing.
        place = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(place))
        with TemporaryFile(dir=place):
            return
    except OSError as error:
        if error.errno in hopeless:
            raise _told(key, folder, error) from error


def _told(key: str, folder: Path, error: OSError) -> ConfigError:
    return ConfigError(
        f"{key} = {str(folder)!r} cannot be written ({error.strerror}: {error.filename}): it must be a folder that "
        f"this user (uid {os.getuid()}) may write"
    )
