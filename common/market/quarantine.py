"""The quarantine: refused rows as JSON lines, so that nothing refused is lost."""

from pathlib import Path

import polars as pl

from common.atomic import replacing
from common.errors import PipelineError


def write_quarantine(path: Path, rejected: pl.DataFrame) -> None:
    """Write refused rows (`row` counts from 0 in the source, its columns as text, `reason`), replacing the file.

    Raises PipelineError where they cannot be kept.
    """
    rows = rejected.select("reason", "row", pl.exclude("reason", "row")).write_ndjson()
    try:
        with replacing(path) as temporary:
            temporary.write_text(rows, encoding="utf-8")
    except OSError as error:
        raise PipelineError(f"the rows that were refused cannot be kept in {path}: {error}") from error
