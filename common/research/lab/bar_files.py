"""Bars on file: one parquet file a symbol, corrected by what is saved later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from common.errors import LabError
from common.market.columns import ADJUSTMENTS, DATETIME, NUMBERS, REQUIRED, SYMBOLS
from common.market.overlay import overlay
from common.market.stamps import on_clock
from common.nearest import did_you_mean
from common.research.lab.dates import Moment, moment_of
from common.research.lab.files import Files, alone

INTERVALS = {"d": "daily", "1d": "daily", "daily": "daily", "1m": "minute", "1min": "minute", "minute": "minute"}
"""Folders of bars by the names an interval goes by; the first of each is vnpy's."""

REQUIRED_COLUMNS = (DATETIME, *REQUIRED)


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

    @classmethod
    def at(cls, root: Path, interval: str) -> BarFiles:
        """Those of an interval below a lab's root; LabError for one that a lab has not."""
        if interval not in INTERVALS:
            raise LabError(
                f"interval {interval!r}: a lab has d (daily) and 1m{did_you_mean(interval, list(INTERVALS))}"
            )
        return cls(Files(root / INTERVALS[interval], ".parquet", "symbol"))

    def save(self, frame: pl.DataFrame) -> Saved:
        """Lay a long frame over what there is: a bar saved later replaces an older one of the same stamp."""
        frame = _canonical(frame)
        total = Saved(0, 0, 0)
        with alone(self.files.folder):
            self._check_stamps(frame)
            for bars in frame.sort("symbol").partition_by("symbol", maintain_order=True):
                done = self._save_one(bars["symbol"][0], bars)
                total = Saved(total.symbols + 1, total.new + done.new, total.replaced + done.replaced)
        return total

    def check(self, frame: pl.DataFrame) -> None:
        """LabError for a frame that cannot be saved, a single symbol of it included."""
        self._check_stamps(_canonical(frame))

    def load(
        self, symbols: Sequence[str], start: Moment | None, end: Moment | None, extended_days: int = 0
    ) -> pl.DataFrame:
        """Long frame of datetime, symbol and numbers, as they were saved: nothing is rescaled.

        A symbol saved without factors has those of 1 beside one that has some. Stamps from `start` less
        `extended_days` to `end`, both included, as the files write them. LabError for a symbol without a file, or
        files whose stamps differ in kind.
        """
        first, last = moment_of(start), moment_of(end)
        frames = [self._table(symbol).with_columns(symbol=pl.lit(symbol)) for symbol in sorted(set(symbols))]
        if not frames:
            raise LabError("no symbols were asked for; name some, or list them with list_bar_symbols")
        kinds = {str(frame.schema[DATETIME]) for frame in frames}
        if len(kinds) > 1:
            raise LabError(
                f"these symbols' stamps are of different kinds ({', '.join(sorted(kinds))}): load them apart"
            )
        whole = pl.concat(_with_factors(frames), how="diagonal")
        first = None if first is None else first - timedelta(days=extended_days)
        for moment, keep in ((first, pl.col(DATETIME).__ge__), (last, pl.col(DATETIME).__le__)):
            if moment is not None:
                whole = whole.filter(keep(_as_stamp(moment, whole.schema[DATETIME])))
        order = [DATETIME, "symbol", *(name for name in whole.columns if name not in {DATETIME, "symbol"})]
        return whole.select(order).sort(DATETIME, "symbol")

    def _table(self, symbol: str) -> pl.DataFrame:
        return self.files.read(symbol, REQUIRED_COLUMNS)

    def _check_stamps(self, frame: pl.DataFrame) -> None:
        """Before anything is written: stamps of one kind alone stand in a file."""
        for symbol in frame["symbol"].unique().sort():
            kind, schema = frame.schema[DATETIME], self.files.schema(symbol)
            if schema is not None and (known := schema.get(DATETIME)) != kind:
                raise LabError(
                    f"{symbol}: its bars on file are stamped in {known}, these in {kind}; convert these, or remove the "
                    "symbol first"
                )

    def _save_one(self, symbol: str, bars: pl.DataFrame) -> Saved:
        on_file = self.files.path(symbol).exists()
        older = self._table(symbol).with_columns(symbol=pl.lit(symbol)) if on_file else bars.clear()
        merged = overlay(older, bars)
        self.files.write(symbol, lambda path: merged.frame.drop("symbol").write_parquet(path, compression="zstd"))
        return Saved(1, merged.new, merged.replaced)


def _with_factors(frames: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """Frames that all have the factors that one of them has: what was never adjusted has factors of 1."""
    names = [name for name in ADJUSTMENTS if any(name in frame.columns for frame in frames)]
    return [
        frame.with_columns(pl.lit(1.0).alias(name) for name in names if name not in frame.columns) for frame in frames
    ]


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
    numbers = [each for each in NUMBERS if each in frame.columns]
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
    return on_clock(pl.lit(moment), zone)
