"""A file of bars, parquet or CSV, as its raw columns; what is wrong with the file as a whole is said here."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import available_timezones

import polars as pl

from common.errors import BarFileError
from common.market.columns import DATETIME, NUMBERS, REQUIRED, SYMBOLS

# True where a line of a CSV has more cells than its header.
SURPLUS = "surplus"

_TEXT = (pl.String, pl.Categorical, pl.Enum)
_WANTED = "a long table with columns datetime, symbol (or vt_symbol), open, high, low, close, volume"


def read_source(path: Path, where: pl.Expr | None = None) -> pl.DataFrame:
    """The columns a bar file may have, as the file has them (CSV comes as text), and `SURPLUS`.

    `where` picks rows of a parquet file; the others do not come into memory.
    """
    names = _kept(column_names(path))
    table = read_columns(path, dict(zip(names, names, strict=True)), where)
    return as_source(path, table, lambda: column_names(path))


def column_names(path: Path) -> list[str]:
    """What the file calls its columns; BarFileError for one that is neither parquet nor CSV."""
    with _readable(path):
        return list(pl.read_parquet_schema(path)) if is_parquet(path) else _csv_columns(path)


def read_columns(path: Path, columns: Mapping[str, str], where: pl.Expr | None = None) -> pl.DataFrame:
    """Columns of a file under other names (the file's by the new one), and `SURPLUS`; CSV comes as text."""
    with _readable(path):
        return _read_parquet(path, columns, where) if is_parquet(path) else _read_csv(path, columns)


def as_source(path: Path, table: pl.DataFrame, all_columns: Callable[[], list[str]]) -> pl.DataFrame:
    """A table with `SURPLUS`, checked as the content of `path`; `all_columns` are named where one is missing."""
    _check_columns(path, table, all_columns)
    if table.is_empty():
        raise BarFileError(f"{path} has the right columns but no rows; give a file with bars")
    return table.with_columns(pl.col(pl.Categorical, pl.Enum).cast(pl.String))


def symbol_column(table: pl.DataFrame) -> str:
    """The column that names the symbol; where both stand, the one with the exchange in it."""
    return next(name for name in SYMBOLS if name in table.columns)


def check_zone(path: Path, zone: str) -> None:
    """Refuse a zone that the time-zone database does not know."""
    try:
        pl.Series([0]).cast(pl.Datetime("ns")).dt.replace_time_zone(zone)
    except pl.exceptions.ComputeError as error:
        near = get_close_matches(zone, sorted(available_timezones()), n=3, cutoff=0.5)
        hint = f"; did you mean {', '.join(near)}?" if near else "; give an IANA name such as America/New_York"
        raise BarFileError(f"zone {zone!r} for {path} is unknown{hint}") from error


def is_parquet(path: Path) -> bool:
    """Whether it is, by its first bytes; BarFileError when it cannot be opened or is not what its name says."""
    return _begins_with(path, b"PAR1")


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except pl.exceptions.PolarsError as error:
        raise BarFileError(f"{path} cannot be read as {_form(path)}: {error}; it must be {_WANTED}") from error


def _read_parquet(path: Path, columns: Mapping[str, str], where: pl.Expr | None) -> pl.DataFrame:
    names = list(dict.fromkeys(columns.values()))
    if where is None:
        table = pl.read_parquet(path, columns=names, glob=False)
    else:
        table = pl.scan_parquet(path, glob=False).filter(where).select(names).collect(engine="streaming")
    return table.select(*_renamed(columns), pl.lit(value=False).alias(SURPLUS))


def _read_csv(path: Path, columns: Mapping[str, str]) -> pl.DataFrame:
    # Everything as text, so that one bad cell refuses a row and not the file, and 000001 stays a symbol.
    names = _csv_columns(path)
    beyond = "+" + max(names, key=len)
    table = pl.read_csv(
        path,
        schema=dict.fromkeys([*names, beyond], pl.String()),
        missing_columns="insert",
        truncate_ragged_lines=True,
        encoding="utf8-lossy",
        glob=False,
    )
    return table.select(*_renamed(columns), pl.col(beyond).is_not_null().alias(SURPLUS))


def _renamed(columns: Mapping[str, str]) -> Iterator[pl.Expr]:
    return (pl.col(theirs).alias(ours) for ours, theirs in columns.items())


def _csv_columns(path: Path) -> list[str]:
    header = pl.read_csv(
        path, n_rows=0, infer_schema=False, truncate_ragged_lines=True, encoding="utf8-lossy", glob=False
    )
    return header.columns


def _kept(names: list[str]) -> list[str]:
    wanted = (DATETIME, *SYMBOLS, *NUMBERS)
    return [name for name in wanted if name in names] or names


def _begins_with(path: Path, magic: bytes) -> bool:
    try:
        with path.open("rb") as file:
            start = file.read(len(magic))
    except OSError as error:
        raise BarFileError(f"{path} cannot be opened: {error.strerror}; give a parquet or CSV file") from error
    if not start:
        raise BarFileError(f"{path} is empty; it must be {_WANTED}")
    if path.suffix == ".parquet" and start != magic:
        raise BarFileError(f"{path} is not a parquet file in spite of its name (no PAR1 at its start)")
    return start == magic


def _form(path: Path) -> str:
    return "parquet" if _begins_with(path, b"PAR1") else "CSV"


def _check_columns(path: Path, table: pl.DataFrame, all_columns: Callable[[], list[str]]) -> None:
    missing = [name for name in (DATETIME, *REQUIRED) if name not in table.columns]
    if not any(name in table.columns for name in SYMBOLS):
        missing.insert(0, "symbol (or vt_symbol)")
    if missing:
        has = ", ".join(all_columns()[:30])
        raise BarFileError(f"{path} lacks the columns {', '.join(missing)}; it has {has}; rename or add them")
    for name, dtype in table.drop(SURPLUS).schema.items():
        _check_type(path, name, dtype)


def _check_type(path: Path, name: str, dtype: pl.DataType) -> None:
    text = isinstance(dtype, _TEXT)
    if name == DATETIME:
        sound, wanted = (
            text or isinstance(dtype, pl.Datetime | pl.Date),
            "dates, datetimes or text (a bare number has no unit)",
        )
    elif name in SYMBOLS:
        sound, wanted = text or dtype.is_integer(), "text"
    else:
        sound, wanted = text or dtype.is_numeric() or dtype == pl.Null, "numbers"
    if not sound:
        raise BarFileError(f"column {name} of {path} is {dtype}; it must hold {wanted}; convert it first")
