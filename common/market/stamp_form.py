"""How a source writes its stamps: what is made of its bars is stamped in the same way, so that tables join."""

from dataclasses import dataclass

import polars as pl

from common.market.stamps import on_clock

STAMP, TIME = pl.col("stamp"), pl.col("time")
_WALL, _INSTANT = pl.Datetime("ns"), pl.Datetime("ns", "UTC")


@dataclass(frozen=True, slots=True)
class StampForm:
    """Type of the column, and how long (ns) before its close a bar is stamped; None: where a local day begins."""

    kind: pl.DataType
    ahead_ns: int | None = None

    def written(self, stamp: pl.Expr = STAMP, time: pl.Expr = TIME) -> pl.Expr:
        """Stamp and close time (ns) as the source wrote them; of a text column it becomes a time without a zone.

        A column with a zone says which of two equal local times is meant: so does the close, and the stamp does not.
        """
        wall = stamp.cast(_WALL)
        if isinstance(self.kind, pl.Date):
            return wall.cast(pl.Date)
        if not isinstance(self.kind, pl.Datetime):
            return wall.cast(pl.Datetime("us"))
        unit, zone = self.kind.time_unit, self.kind.time_zone
        if zone is None:
            return wall.cast(pl.Datetime(unit))
        if self.ahead_ns is None:
            return on_clock(wall.cast(pl.Datetime(unit)), zone)
        named = (time - self.ahead_ns).cast(_INSTANT).dt.convert_time_zone(zone).cast(pl.Datetime(unit, zone))
        return named.alias(stamp.meta.output_name())


ANY_FORM = StampForm(pl.Datetime("us"))
"""Of bars whose source is not known."""
