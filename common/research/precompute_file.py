"""Precomputed signals as one parquet file: a replay's columns, and of whom and what they are, under a digest."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import polars as pl

from common.atomic import replacing
from common.errors import SignalFileError
from common.market.stamp_form import StampForm
from common.market.stamps import off_clock
from common.models.manifest import canonical
from common.nearest import did_you_mean
from common.replay.results import NANOSECONDS, SCHEMA
from common.research.precompute_check import check_rows
from common.research.running_digest import RunningDigest

FORMAT = 2
KEY, SEAL = "alphabus.precomputed", "alphabus.seal"
STAMP = "stamp"


@dataclass(frozen=True, slots=True)
class Provenance:
    """Of which model, over which bars, under which conditions; `rows`: digest of the signals themselves."""

    model: str
    version: int
    digest: str
    kind: str
    factor_set: str
    plan: str
    bars: str
    interval_ns: int
    conditions: dict[str, Any]
    sections: int
    first_bar: int
    last_bar: int
    left_out: int
    rows: str
    instance: str | None = None
    """The instance they are for; None: any whose registry has the model."""
    libraries: dict[str, str] = field(default_factory=dict)
    platform: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def words(self) -> dict[str, Any]:
        """All of it as plain values."""
        return asdict(self)

    @property
    def seal(self) -> bytes:
        """SHA-256 over all of it."""
        return hashlib.sha256(canonical(self.words)).digest()

    @classmethod
    def read(cls, text: str, seal: str) -> Self:
        """From a file's words; SignalFileError where they are not what was written."""
        try:
            found = cls(**json.loads(text))
        except (TypeError, ValueError) as error:
            raise SignalFileError(f"its provenance is not one: {error}") from error
        if found.format != FORMAT:
            raise SignalFileError(f"it is of format {found.format}; this version reads {FORMAT}: compute it again")
        if found.seal.hex() != seal:
            raise SignalFileError("its provenance was changed after it was written: compute it again")
        return found


@dataclass(frozen=True, slots=True, eq=False)
class SignalFile:
    """Checked rows (`stamp` and `time` i8, ns), by bar and symbol, and where they come from."""

    rows: pl.DataFrame
    provenance: Provenance


def write_precomputed(path: Path, rows: pl.DataFrame, provenance: Provenance, form: StampForm) -> None:
    """Write the file whole or not at all; `datetime` is the bars' own stamp, so that tables join."""
    with replacing(path) as temporary:
        table_of(rows, form).write_parquet(temporary, compression="zstd", metadata=metadata_of(provenance))


def table_of(rows: pl.DataFrame, form: StampForm) -> pl.DataFrame:
    """Rows with the columns of the file."""
    return rows.with_columns(form.written(), pl.col("time").cast(NANOSECONDS).dt.replace_time_zone("UTC")).rename(
        {STAMP: "datetime"}
    )


def metadata_of(provenance: Provenance) -> dict[str, str]:
    """What stands beside the rows."""
    return {KEY: canonical(provenance.words).decode(), SEAL: provenance.seal.hex()}


def digest_rows(rows: pl.DataFrame) -> str:
    """Of rows in the order of the file; what `RunningDigest` says of them piece by piece."""
    digest = RunningDigest(SCHEMA)
    digest.update(rows)
    return digest.hexdigest()


def read_precomputed(path: Path) -> SignalFile:
    """Read and check a file; SignalFileError naming it and what is wrong."""
    try:
        metadata, table = pl.read_parquet_metadata(path), pl.read_parquet(path, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise SignalFileError(f"{path} cannot be read as parquet: {error}") from error
    try:
        return _checked(metadata, table)
    except SignalFileError as error:
        raise SignalFileError(f"{path}: {error}") from error


def _checked(metadata: dict[str, str], table: pl.DataFrame) -> SignalFile:
    for name in _columns():
        if name not in table.columns:
            raise SignalFileError(f"it has no column {name!r}{did_you_mean(name, table.columns)}")
    if KEY not in metadata or SEAL not in metadata:
        raise SignalFileError(
            "it does not say which model it is of: `python -m scripts.signals precompute` writes files that do"
        )
    provenance = Provenance.read(metadata[KEY], metadata[SEAL])
    rows = _rows(table)
    check_rows(rows, (provenance.model, provenance.version, provenance.digest))
    if digest_rows(rows) != provenance.rows:
        raise SignalFileError("its signals were changed after it was written: compute it again")
    return SignalFile(rows, provenance)


def _columns() -> list[str]:
    return ["datetime" if name == STAMP else name for name in SCHEMA]


def _rows(table: pl.DataFrame) -> pl.DataFrame:
    """Back to whole numbers; casts are strict, so that another type is an error and not another value."""
    kinds = table.schema
    if not isinstance(kinds["datetime"], pl.Datetime | pl.Date) or not isinstance(kinds["time"], pl.Datetime):
        raise SignalFileError("its columns datetime and time are not times")
    time = pl.col("time").dt.replace_time_zone(None).cast(NANOSECONDS).cast(pl.Int64)
    rows = table.select(_stamp(kinds["datetime"]).cast(pl.Int64).alias(STAMP), time, *list(SCHEMA)[2:])
    wrong = [name for name, kind in SCHEMA.items() if rows.schema[name] != kind]
    if wrong:
        raise SignalFileError(f"its column {wrong[0]!r} is {rows.schema[wrong[0]]}, not {SCHEMA[wrong[0]]}")
    return rows


def _stamp(kind: pl.DataType) -> pl.Expr:
    """What `StampForm` made a column of that kind from."""
    written = pl.col("datetime")
    zone = kind.time_zone if isinstance(kind, pl.Datetime) else None
    return (written if zone is None else off_clock(written, zone)).cast(NANOSECONDS)
