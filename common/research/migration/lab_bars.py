"""Bars for an export: a lab's days or minutes, whichever hold the stamps it had loaded, or a file's, by their opens."""

from dataclasses import replace
from pathlib import Path

import polars as pl

from common.errors import ExportError
from common.market.importing.vnpy_lab import FOLDERS, VnpyLab
from common.market.store import BarTable
from common.research.migration.export import Export


def bars_of_lab(lab: Path, export: Export, zone: str) -> BarTable:
    """Load them; ExportError where neither has any of these stamps."""
    fits = {interval: _share(lab / folder, export.loaded) for interval, (folder, _) in FOLDERS.items()}
    best = max(fits, key=lambda each: fits[each])
    found = VnpyLab(lab).bars(best, zone) if VnpyLab.is_one(lab) and fits[best] > 0.0 else None
    if found is None:
        raise ExportError(f"{lab} is no vnpy lab with the bars the dataset held: name those it was loaded from")
    return found


def bars_by_opens(table: BarTable, export: Export) -> BarTable:
    """Bars of a file; those stamped at their close under their open where that is how the dataset has them.

    vnpy stamps a bar at its open, and what is imported from there is stamped at its close.
    """
    if table.stamped == "open":
        return table
    moved = table.frame.with_columns(pl.col("stamp") - table.interval_ns)
    theirs = export.loaded["stamp"].unique().implode()
    found = [int(frame["stamp"].unique().is_in(theirs).sum()) for frame in (table.frame, moved)]
    return replace(table, frame=moved) if found[1] > found[0] else table


def _share(folder: Path, loaded: pl.DataFrame) -> float:
    """Stamps of one symbol that both have, of those that either has while the dataset's run; 0 without a file."""
    for (symbol,), theirs in loaded.group_by("symbol", maintain_order=True):
        path = folder / f"{symbol}.parquet"
        if path.is_file():
            return _overlap(path, theirs["stamp"])
    return 0.0


def _overlap(path: Path, theirs: pl.Series) -> float:
    try:
        moment = pl.read_parquet(path, columns=["datetime"], glob=False)["datetime"]
        stamps = moment.dt.replace_time_zone(None).dt.cast_time_unit("ns").cast(pl.Int64)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise ExportError(f"{path} cannot be read: {error}") from error
    ours = stamps.filter(stamps.is_between(theirs.min(), theirs.max())).unique()
    both = int(ours.is_in(theirs.implode()).sum())
    return both / max(1, len(ours) + theirs.n_unique() - both)
