"""Logs are events with fields: one JSON line each, to a file of the process or to standard error."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger

from common.lines import Lines


def open_log(folder: Path | None, service: str, instance: str) -> FilteringBoundLogger:
    """A logger bound to service and instance; appends lines to `folder/SERVICE.jsonl`, as far as the disk goes.

    Where that file cannot be opened they go to standard error, the first of them says why.
    """
    try:
        return _logger(_stream(folder, service), service, instance)
    except OSError as error:  # nobody ends for want of a log
        log = _logger(sys.stderr, service, instance)
        log.error("log_not_opened", folder=str(folder), error=str(error))  # noqa: TRY400  expected, and told whole
        return log


def _logger(stream: Any, service: str, instance: str) -> FilteringBoundLogger:
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(default=str),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
    )
    return logger.bind(service=service, instance=instance)


def _stream(folder: Path | None, service: str) -> Any:
    if folder is None:
        return sys.stderr
    folder.mkdir(parents=True, exist_ok=True)
    return Lines(os.open(folder / f"{service}.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644))
