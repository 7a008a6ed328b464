"""Logs are JSON lines with fields."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.typing import FilteringBoundLogger

from common.logs import open_log


@contextmanager
def logging(folder: Path) -> Iterator[FilteringBoundLogger]:
    """A log whose file is closed at the end; that of a process is when it ends."""
    log = open_log(folder, "bar_feed", "demo")
    yield log
    log._logger._file.close()  # type: ignore[attr-defined]  # structlog has no other way


def lines_of(folder: Path) -> list[dict[str, Any]]:
    """The log as it can be read at this moment."""
    return [json.loads(line) for line in (folder / "bar_feed.jsonl").read_text(encoding="utf-8").splitlines()]


def test_a_line_an_event(tmp_path: Path) -> None:
    """Bound to service and instance, readable at once, and appended to by the next life of the process."""
    for bar in (1, 2):
        with logging(tmp_path / "logs") as log:
            log.info("section", bar=bar, path=tmp_path)
            assert len(lines_of(tmp_path / "logs")) == bar
    first, second = lines_of(tmp_path / "logs")
    assert (first["bar"], second["bar"]) == (1, 2)
    assert first | {"timestamp": ""} == {
        "service": "bar_feed", "instance": "demo", "event": "section", "bar": 1, "path": str(tmp_path),
        "level": "info", "timestamp": "",
    }  # fmt: skip


def test_an_exception_is_told_whole(tmp_path: Path) -> None:
    """With its traceback, in one line."""
    with logging(tmp_path) as log:
        try:
            _ = 1 // 0
        except ZeroDivisionError:
            log.exception("crashed")
    (line,) = lines_of(tmp_path)
    assert "Traceback" in line["exception"]
    assert "ZeroDivisionError" in line["exception"]


def test_without_a_folder_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Standard output stays free; debugging chatter is left out."""
    log = open_log(None, "bar_feed", "demo")
    log.debug("chatter")
    log.info("started")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert json.loads(captured.err)["event"] == "started"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_a_log_that_cannot_be_opened_goes_to_standard_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A disk without space for one more file ends nobody; the first line says why it stands there."""

    def refuse(*_arguments: object) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", refuse)
    open_log(tmp_path, "bar_feed", "demo").info("section", bar=1)
    told, section = map(json.loads, capsys.readouterr().err.splitlines())
    assert (told["event"], told["level"], told["folder"]) == ("log_not_opened", "error", str(tmp_path))
    assert os.strerror(number) in told["error"]
    assert (section["event"], section["service"], section["bar"]) == ("section", "bar_feed", 1)
