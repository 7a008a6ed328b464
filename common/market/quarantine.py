"""The quarantine: refused rows as JSON lines, so that nothing refused is lost."""

from pathlib import Path

import polars as pl

from common.atomic import replacing


def write_quarantine(path: Path, rejected: pl.DataFrame) -> None:
    """Write refused rows (`row` counts from 0 in the source, its columns as text, `reason`), replacing the file."""
    with replacing(path) as temporary:
        rejected.select("reason", "row", pl.exclude("reason", "row")).write_ndjson(temporary)
