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
    """A logger bound to service and instance; appends lines to `folder/SERVICE.jsonl`, as far as the disk goes."""
    logger: FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(_stream(folder, service)),
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
