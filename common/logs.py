"""Logs are events with fields: one JSON line each, to a file of the process or to standard error."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TextIO

import structlog
from structlog.typing import FilteringBoundLogger


def open_log(folder: Path | None, service: str, instance: str) -> FilteringBoundLogger:
    """A logger bound to service and instance; appends to `folder/SERVICE.jsonl`, flushed line by line."""
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


def _stream(folder: Path | None, service: str) -> TextIO:
    if folder is None:
        return sys.stderr
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / f"{service}.jsonl").open("a", encoding="utf-8", buffering=1)
