"""An export of `exporters/vnpy_model.py`, read and checked; nothing in it can run."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import polars as pl

from common.errors import ExportError
from common.market.columns import PRICES
from common.nearest import did_you_mean
from common.research.migration.definition import Definition, read_definition

FILE = "migration.json"
KEYS = ("stamp", "symbol")
BARS = (*PRICES, "volume")
WORDS = ("segment",)


@dataclass(frozen=True, slots=True, eq=False)
class Export:
    """Definition and frames by stamp (ns, as vnpy writes it) and symbol; numbers are f8, NaN where there is none.

    loaded: the bars as vnpy's dataset held them; raw, inferred: features before and behind its processors;
    predictions: with the segment each was asked for.
    """

    definition: Definition
    loaded: pl.DataFrame
    raw: pl.DataFrame
    inferred: pl.DataFrame
    predictions: pl.DataFrame
    whole: frozenset[str]
    """Columns of the bars that vnpy held as whole numbers."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder; ExportError that names the file and what is wrong with it."""
        try:
            body = (folder / FILE).read_bytes()
        except OSError as error:
            raise ExportError(
                f"{folder} is no export: {FILE} cannot be read ({error.strerror}); "
                "make one with exporters/vnpy_model.py"
            ) from error
        definition = read_definition(f"{folder / FILE}", body)
        held = _parquet(folder / "loaded.parquet")
        raw = _frame(folder / "raw.parquet", definition.factors)
        return cls(
            definition,
            _keyed(folder / "loaded.parquet", held, BARS),
            raw,
            _frame(folder / "inferred.parquet", ()),
            _frame(folder / "predictions.parquet", ("prediction",), WORDS),
            frozenset(name for name, kind in held.schema.items() if kind.is_integer()),
        )

    @property
    def features(self) -> tuple[str, ...]:
        """What vnpy's model reads, in order: all but the keys and the label, which is the last column."""
        return tuple(self.inferred.columns[len(KEYS) : -1])


def _frame(path: Path, needed: Iterable[str], words: Sequence[str] = ()) -> pl.DataFrame:
    return _keyed(path, _parquet(path), (*needed, *words), words)


def _parquet(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ExportError(f"{path} cannot be read as parquet: {error}; export it again") from error


def _keyed(path: Path, frame: pl.DataFrame, needed: Sequence[str], words: Sequence[str] = ()) -> pl.DataFrame:
    """The keys first, then words, these together once, then the rest as numbers."""
    for name in ("datetime", "vt_symbol", *needed):
        if name not in frame.columns:
            raise ExportError(f"{path} has no column {name!r}{did_you_mean(name, frame.columns)}")
    texts = ("vt_symbol", *words)
    if not isinstance(frame.schema["datetime"], pl.Datetime) or any(frame.schema[each] != pl.String for each in texts):
        raise ExportError(f"{path}: datetime must be a time, {' and '.join(texts)} a text; export it again")
    if frame.is_empty():
        raise ExportError(f"{path} holds no rows; export it again")
    stamp = pl.col("datetime").dt.replace_time_zone(None).dt.cast_time_unit("ns").cast(pl.Int64).alias("stamp")
    rest = [name for name in frame.columns if name not in {"datetime", *texts}]
    if taken := sorted({*KEYS} & {*rest}):
        raise ExportError(f"{path}: a factor cannot be called {taken[0]!r}, which is a key here; rename it")
    try:
        numbers = frame.select(pl.col(rest).cast(pl.Float64).fill_null(float("nan")))
    except pl.exceptions.PolarsError as error:
        raise ExportError(f"{path} holds what is no number: {error}") from error
    keyed = frame.select(stamp, pl.col("vt_symbol").alias("symbol"), *words).hstack(numbers)
    if keyed.select(*KEYS, *words).is_duplicated().any():
        raise ExportError(f"{path} holds a bar of a symbol twice")
    return keyed.sort(KEYS)
