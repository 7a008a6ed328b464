"""Places that cannot be written: told by key and value, before anything else is done."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from common.config import Config, make_config
from common.errors import ConfigError
from common.places import check_places, forbidden_below


def config_of(state: object, logs: object = None) -> Config:
    """With these two places."""
    places = {"state": str(state)} | ({} if logs is None else {"logs": str(logs)})
    return make_config({"instance": "demo", "feed": {"source": {"bars": "x.parquet"}}, **places}, "demo.toml")


@pytest.mark.parametrize("place", ["/proc/x", "/dev/null/x", "/tmp/" + "x" * 300])  # noqa: S108  nothing is made there
@pytest.mark.parametrize("key", ["state", "logs"])
def test_what_can_be_no_folder_is_told_by_key_and_value(tmp_path: Path, key: str, place: str) -> None:
    """One line."""
    with pytest.raises(ConfigError) as caught:
        check_places(config_of(**{"state": tmp_path / "state", key: place}))
    assert str(caught.value).startswith(f"{key} = {place!r} cannot be written (")
    assert "\n" not in str(caught.value)


def test_what_is_not_there_yet_is_not_made(tmp_path: Path) -> None:
    """An instance that is refused for another reason leaves nothing behind."""
    check_places(config_of(tmp_path / "deep" / "state", tmp_path / "logs"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "key", "refused"),
    [
        (errno.EROFS, "state", True),
        (errno.EROFS, "logs", False),
        (errno.EACCES, "logs", True),
        (errno.ENOSPC, "state", False),
        (errno.EIO, "state", False),
    ],
)
def test_what_a_restart_may_mend_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, key: str, *, refused: bool
) -> None:
    """A full disk is waited for; a disk of logs that turned read-only ends nobody."""

    def refuse(*_arguments: Any, dir: Path) -> None:  # noqa: A002  tempfile's own name for it
        if dir.name == key:
            raise OSError(number, os.strerror(number), str(dir))
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("state", "logs"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("common.places.TemporaryFile", refuse)
    config = config_of(tmp_path / "state", tmp_path / "logs")
    if not refused:
        check_places(config)
        return
    with pytest.raises(ConfigError, match=f"^{key} = "):
        check_places(config)


def test_a_file_below_the_state_is_told_the_same_way(tmp_path: Path) -> None:
    """Elsewhere, or for another reason, it is nothing we know."""
    config, below = config_of(tmp_path / "state"), str(tmp_path / "state" / "epochs" / "x")
    told = forbidden_below(config, OSError(errno.EROFS, "Read-only file system", below))
    assert below in str(told)
    assert forbidden_below(config, OSError(errno.ENOENT, "No such file or directory", below)) is None
    assert forbidden_below(config, OSError(errno.EROFS, "Read-only file system", tempfile.gettempdir())) is None
    assert forbidden_below(config, OSError(errno.EROFS, "Read-only file system")) is None
