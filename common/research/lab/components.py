"""Who belonged to an index on which day, as lists by date; from them the stays the pipeline works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

import polars as pl

from common.errors import LabError
from common.market.constituents import Constituents, Interval
from common.market.durations import DAY_NS
from common.research.lab.dates import Moment, day_of
from common.research.lab.files import Files, alone

Lists = Mapping[date, Sequence[str]] | Mapping[str, Sequence[str]]
"""By day, in words or as a date."""

Filters = dict[str, list[tuple[date, date]]]


@dataclass(frozen=True, slots=True)
class Components:
    """One file an index: rows of date and symbol, which is null on a date without members."""

    files: Files

    def save(self, index: str, lists: Lists) -> None:
        """Lay lists over those on file: a date that is there is replaced; an empty list says that nobody is left."""
        days = self.check(index, lists)
        rows = [(day, symbol) for day, names in days.items() for symbol in (sorted(set(names)) or (None,))]
        fresh = pl.DataFrame(rows, {"date": pl.Date, "symbol": pl.String}, orient="row")
        path = self.files.path(index)
        with alone(path):
            older = self._table(index) if path.exists() else fresh.clear()
            merged = pl.concat([older.join(fresh, on="date", how="anti"), fresh]).sort("date", "symbol")
            self.files.write(index, lambda path: merged.write_parquet(path, compression="zstd"))

    def check(self, index: str, lists: Lists) -> dict[date, Sequence[str]]:
        """Lists by date; LabError for those that cannot be saved: to name nobody at all is a slip."""
        self.files.path(index)
        if not any(lists.values()):
            raise LabError(f"index {index}: its lists name nobody; some date needs at least one symbol")
        days: dict[date, Sequence[str]] = {}
        for given, names in lists.items():
            if (day := day_of(given)) is None or day in days:
                raise LabError(f"index {index}: {given!r} is no day, or one that stands there twice; name each once")
            days[day] = names
        return days

    def load(self, index: str, start: Moment | None = None, end: Moment | None = None) -> dict[date, list[str]]:
        """Lists by date, ascending, from `start` to `end`, both included."""
        first, last = day_of(start), day_of(end)
        inside = self._table(index).filter(
            pl.lit(value=True) if first is None else pl.col("date") >= first,
            pl.lit(value=True) if last is None else pl.col("date") <= last,
        )
        grouped = inside.group_by("date", maintain_order=True).agg(pl.col("symbol").drop_nulls())
        return dict(zip(grouped["date"].to_list(), grouped["symbol"].to_list(), strict=True))

    def _table(self, index: str) -> pl.DataFrame:
        return self.files.read(index, ("date", "symbol"))

    def members(self, index: str, start: Moment | None = None, end: Moment | None = None) -> list[str]:
        """Who was in it at some time of the span, ascending: of the list in force at its start, and of all in it."""
        lists = self.load(index, end=end)
        since = day_of(start)
        in_force = max((day for day in lists if since is not None and day <= since), default=date.min)
        return sorted({name for day, names in lists.items() if day >= in_force for name in names})

    def filters(self, index: str, start: Moment | None = None, end: Moment | None = None) -> Filters:
        """Stays of each symbol: first and last date of every unbroken run of lists; meant for a list a day."""
        found: Filters = {}
        for stay in _stays(self.load(index, start, end)):
            found.setdefault(stay[0], []).append(stay[1:])
        return found

    def constituents(self, index: str) -> Constituents:
        """Membership as the pipeline takes it: a list holds until the next one, the last until further notice."""
        lists = self.load(index)
        follows = dict(pairwise(lists))
        return Constituents.of(
            Interval(symbol, _ns(first), _ns(follows[last]) - 1 if last in follows else 2**62)
            for symbol, first, last in _stays(lists)
        )


def _stays(lists: Mapping[date, Sequence[str]]) -> list[tuple[str, date, date]]:
    """Every unbroken run, by symbol and time."""
    stays: list[tuple[str, date, date]] = []
    since: dict[str, date] = {}
    for day, following in pairwise([*lists, None]):
        if day is None:
            break
        since = {symbol: since.get(symbol, day) for symbol in lists[day]}
        stays += [
            (symbol, since[symbol], day) for symbol in since if following is None or symbol not in lists[following]
        ]
    return sorted(stays)


def _ns(day: date) -> int:
    return (day - date(1970, 1, 1)).days * DAY_NS
