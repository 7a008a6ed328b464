"""The quarantine: refused rows and sections as JSON lines, so that nothing refused is lost."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from common.atomic import replacing


def write_quarantine(path: Path, rejected: pl.DataFrame) -> None:
    """Write refused rows (`row` counts from 0 in the source, its columns as text, `reason`), replacing the file."""
    with replacing(path) as temporary:
        rejected.select("reason", "row", pl.exclude("reason", "row")).write_ndjson(temporary)


def append_refused(path: Path, refused: Mapping[str, Any]) -> None:
    """Add one refused thing, plain values by name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(refused) + "\n")
