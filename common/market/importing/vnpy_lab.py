"""A vnpy.alpha lab folder: parquet of bars and signals, JSON of contracts; nothing in it is ever unpickled.

Its index members lie in a shelve: the exporter in `exporters/` writes them as JSON under the user's own vnpy, beside
the rest, in `export/`. Its models and datasets are pickles, which are taken over elsewhere (common/research/migration).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from common.errors import BarFileError
from common.market.columns import DATETIME, OPTIONAL, REQUIRED
from common.market.source import SURPLUS, as_source
from common.market.store import BarTable, sort_out

FOLDERS = {"d": ("daily", "1d"), "1m": ("minute", "1min")}
EXPORT = "export"
SHELVE_ENDINGS = (".dat", ".dir", ".bak", ".db", ".pag")


@dataclass(frozen=True, slots=True)
class VnpyLab:
    """The folder; vnpy stamps bars at their open, in local time without a zone."""

    root: Path

    @classmethod
    def is_one(cls, folder: Path) -> bool:
        """Whether it has the folders that make one."""
        return all((folder / name).is_dir() for name, _ in FOLDERS.values())

    def bars(self, interval: str, zone: str = "UTC") -> BarTable | None:
        """All symbols' bars of an interval (d or 1m), None if there are none.

        Among the minutes any shorter bars than days may lie: how long these are, their stamps show.
        """
        folder, length = FOLDERS[interval]
        paths = sorted((self.root / folder).glob("*.parquet"))
        if not paths:
            return None
        rows = _rows(paths)
        measured = interval != "d" and rows[DATETIME].n_unique() > 1
        return sort_out(
            self.root / folder, lambda: rows, zone=zone, stamp="open", interval="auto" if measured else length
        )

    def contracts(self) -> dict[str, dict[str, Any]]:
        """Settings by symbol, as the file has them."""
        path = self.root / "contract.json"
        return _json(path) if path.exists() else {}

    def signals(self) -> dict[str, pl.DataFrame]:
        """Frames by name."""
        return {path.stem: _frame(path) for path in sorted((self.root / "signal").glob("*.parquet"))}

    def components(self) -> dict[str, dict[date, list[str]]]:
        """Exported index members, by index and date; BarFileError where there is a shelve that was not exported."""
        exported = sorted((self.root / EXPORT / "component").glob("*.json"))
        shelves = {_shelve(path.name) for path in (self.root / "component").glob("*")}
        left = sorted(shelves - {path.stem for path in exported})
        if left:
            raise BarFileError(
                f"{self.root}/component: {', '.join(left)} cannot be read without vnpy: run "
                f"exporters/vnpy_lab.py {self.root} under the Python that has vnpy, then import again"
            )
        return {path.stem: _lists(path) for path in exported}


def _shelve(file: str) -> str:
    """Name of the shelve a file belongs to: which endings it has depends on the machine it was made on."""
    for ending in SHELVE_ENDINGS:
        file = file.removesuffix(ending)
    return file


def _rows(paths: list[Path]) -> pl.DataFrame:
    wanted = pl.selectors.by_name(DATETIME, *REQUIRED, *OPTIONAL, require_all=False)
    frames = [_frame(path).select(wanted) for path in paths]
    _check_alike(paths, frames)
    named = [frame.with_columns(pl.lit(path.stem).alias("symbol")) for path, frame in zip(paths, frames, strict=True)]
    whole = pl.concat(named, how="diagonal_relaxed").with_columns(pl.lit(value=False).alias(SURPLUS))
    return as_source(paths[0].parent, whole, lambda: whole.drop(SURPLUS).columns)


def _check_alike(paths: Sequence[Path], frames: Sequence[pl.DataFrame]) -> None:
    """Refuse a file with columns of another kind than the first one's, such as stamps with a zone beside bare ones."""
    first: dict[str, tuple[str, Path]] = {}
    for path, frame in zip(paths, frames, strict=True):
        for name, kind in frame.schema.items():
            found = _kind(kind)
            known, other = first.setdefault(name, (found, path))
            if found != known:
                raise BarFileError(
                    f"{path}: column {name} holds {found}, that of {other} {known}: save one of them anew in the form "
                    "of the other"
                )


def _kind(kind: pl.DataType) -> str:
    """What lies together in one column: numbers of any width, times of any unit."""
    if isinstance(kind, pl.Datetime):
        return "times without a zone" if kind.time_zone is None else f"times of {kind.time_zone}"
    return "numbers" if kind.is_numeric() or kind == pl.Null else str(kind)


def _frame(path: Path) -> pl.DataFrame:
    try:
        return pl.read_parquet(path, glob=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BarFileError(f"{path} cannot be read as parquet: {error}") from error


def _lists(path: Path) -> dict[date, list[str]]:
    try:
        return {date.fromisoformat(day): [str(name) for name in names] for day, names in _json(path).items()}
    except (ValueError, TypeError) as error:
        raise BarFileError(f"{path}: not lists of symbols by date: {error}") from error


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BarFileError(f"{path} cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise BarFileError(f"{path} holds no table")
    return found
