"""Bars on file: one parquet file a symbol, corrected by what is saved later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl

from common.errors import LabError
from common.market.columns import DATETIME, OPTIONAL, REQUIRED, SYMBOLS
from common.research.lab.files import Files

REQUIRED_COLUMNS = (DATETIME, *REQUIRED)
FACTORS_OF_ONE = ("price_factor", "share_factor")


@dataclass(frozen=True, slots=True)
class Saved:
    """What a save did: symbols touched, bars that are new, bars that replaced another content."""

    symbols: int
    new: int
    replaced: int


@dataclass(frozen=True, slots=True)
class BarFiles:
    """Bars of one interval; a stamp stands once in a symbol's file, and its zone is the one it was saved with."""

    files: Files

    def save(self, frame: pl.DataFrame) -> Saved:
        """Lay a long frame over what there is: a bar saved later replaces an older one of the same stamp."""
        frame = _canonical(frame)
        total = Saved(0, 0, 0)
        for (symbol,), bars in sorted(
            frame.partition_by("symbol", as_dict=True).items(), key=lambda item: str(item[0])
        ):
            done = self._save_one(str(symbol), bars.drop("symbol"))
            total = Saved(total.symbols + 1, total.new + done.new, total.replaced + done.replaced)
        return total

    def load(
        self, symbols: Sequence[str], start: datetime | None, end: datetime | None, extended_days: int = 0
    ) -> pl.DataFrame:
        """Long frame of datetime, symbol and numbers, as they were saved: nothing is rescaled or filled.

        Stamps from `start` less `extended_days` to `end`, both included, as the files write them. LabError for a
        symbol without a file, or files whose stamps differ in kind.
        """
        frames = [
            pl.read_parquet(self.files.known(symbol), glob=False).with_columns(symbol=pl.lit(symbol))
            for symbol in sorted(set(symbols))
        ]
        if not frames:
            raise LabError("no symbols were asked for; name some, or list them with list_bar_symbols")
        kinds = {str(frame.schema[DATETIME]) for frame in frames}
        if len(kinds) > 1:
            raise LabError(
                f"these symbols' stamps are of different kinds ({', '.join(sorted(kinds))}): load them apart"
            )
        whole = pl.concat(frames, how="diagonal")
        first = None if start is None else start - timedelta(days=extended_days)
        for moment, keep in ((first, pl.col(DATETIME).__ge__), (end, pl.col(DATETIME).__le__)):
            if moment is not None:
                whole = whole.filter(keep(_as_stamp(moment, whole.schema[DATETIME])))
        order = [DATETIME, "symbol", *(name for name in whole.columns if name not in {DATETIME, "symbol"})]
        return whole.select(order).sort(DATETIME, "symbol")

    def _save_one(self, symbol: str, bars: pl.DataFrame) -> Saved:
        path = self.files.path(symbol)
        older = pl.read_parquet(path, glob=False) if path.exists() else bars.clear()
        if older.schema[DATETIME] != bars.schema[DATETIME]:
            raise LabError(
                f"{symbol}: its bars on file are stamped in {older.schema[DATETIME]}, "
                f"these in {bars.schema[DATETIME]}; convert these, or remove the symbol first"
            )
        both = pl.concat([older, bars], how="diagonal")
        merged = both.unique(DATETIME, keep="last").sort(DATETIME)
        known = older.join(bars, on=DATETIME, how="semi")
        same = both.filter(pl.struct(both.columns).is_duplicated())[DATETIME].n_unique()
        self.files.write(symbol, lambda path: merged.write_parquet(path, compression="zstd"))
        return Saved(1, merged.height - older.height, known.height - same)


def _canonical(frame: pl.DataFrame) -> pl.DataFrame:
    """Columns of a bar, one row a stamp and symbol, the last one where the frame has several."""
    name = next((name for name in SYMBOLS if name in frame.columns), None)
    missing = [column for column in REQUIRED_COLUMNS if column not in frame.columns]
    if name is None or missing:
        lacking = [*([] if name else ["symbol (or vt_symbol)"]), *missing]
        raise LabError(f"the frame lacks {', '.join(lacking)}; it has {', '.join(frame.columns)}")
    if not isinstance(frame.schema[DATETIME], pl.Datetime | pl.Date):
        raise LabError(f"column {DATETIME} is {frame.schema[DATETIME]}; it must hold dates or datetimes")
    if frame[DATETIME].null_count() or frame[name].null_count():
        raise LabError(f"some rows have no {DATETIME} or no {name}; leave them out")
    numbers = [each for each in (*REQUIRED, *OPTIONAL, *FACTORS_OF_ONE) if each in frame.columns]
    chosen = frame.select(DATETIME, pl.col(name).cast(pl.String).alias("symbol"), pl.col(numbers).cast(pl.Float64))
    return chosen.unique([DATETIME, "symbol"], keep="last", maintain_order=True)


def _as_stamp(moment: datetime, kind: pl.DataType) -> pl.Expr:
    """A moment in the terms of a column: without a zone it is read as the column writes its stamps."""
    zone = kind.time_zone if isinstance(kind, pl.Datetime) else None
    if moment.tzinfo is not None and zone is None:
        raise LabError(f"{moment} has a zone, the bars' stamps have none; write it as they do")
    if zone is None:
        return pl.lit(moment)
    if moment.tzinfo is not None:
        moment = moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    return pl.lit(moment).dt.replace_time_zone(zone, ambiguous="earliest")
