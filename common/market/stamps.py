"""From a source's stamps to the moment a bar was complete: zones, intervals, open or close."""

import re
from dataclasses import dataclass
from typing import Literal

import polars as pl

from common.errors import BarFileError
from common.market.durations import DAY_NS, NS

Stamped = Literal["open", "close"]

_NAIVE = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S%.f", "%Y%m%d")
_OFFSET = ("%Y-%m-%d %H:%M:%S%.f%#z", "%Y-%m-%d %H:%M%#z")
_TRAILING_OFFSET = r"\s*(?:[Zz]|[+-]\d{2}(?::?\d{2})?)$"
_WALL = pl.Datetime("ns")
_INSTANT = pl.Datetime("ns", "UTC")
# No clock was ever set forward by more than this within a day that still had a midnight.
_GAP = pl.duration(hours=6)


@dataclass(frozen=True, slots=True)
class Stamping:
    """How a source stamps its bars: the interval in ns, whether the open or the close, and the zone of its clock."""

    interval_ns: int
    stamped: Stamped
    zone: str

    @property
    def ahead_ns(self) -> int | None:
        """How long before its close a bar is stamped; None for days stamped open, as long as the clocks make them."""
        if self.stamped == "close":
            return 0
        return None if self.interval_ns % DAY_NS == 0 else self.interval_ns


def parse_interval(text: str) -> int:
    """Nanoseconds of a text such as 30s, 1min, 15min, 1h, 1d or 1w."""
    match = re.fullmatch(r"([1-9][0-9]{0,5})(s|min|h|d|w)", text)
    if match is None:
        hint = "; m could mean month, so minutes are min" if text.endswith("m") else ""
        raise BarFileError(f"interval {text!r} is not auto or a number and s, min, h, d or w, such as 15min{hint}")
    return int(match[1]) * NS[match[2]]


def find_interval(stamps: pl.Series) -> int | None:
    """The most common difference of consecutive distinct stamps in ns (the smallest of equals); None below two."""
    steps = stamps.drop_nulls().unique().sort().diff().drop_nulls()
    return None if steps.is_empty() else int(steps.mode().min())  # type: ignore[arg-type]  # Int64 by construction


def find_stamped(stamps: pl.Series, interval_ns: int) -> Stamped:
    """`open` when the interval is a day or more and every stamp is midnight, else `close`."""
    midnights = bool((stamps.drop_nulls() % DAY_NS == 0).all())
    return "open" if interval_ns >= DAY_NS and midnights else "close"


def read_stamps(raw: pl.Series, zone: str) -> pl.DataFrame:
    """One row a distinct value of `raw`: `raw`, `wall` (the local time) and `instant` (null unless the value says)."""
    values = pl.DataFrame({"raw": raw.unique()})
    if raw.dtype == pl.String:
        return values.with_columns(**_read_text(pl.col("raw").str.strip_chars(), zone))
    value = pl.col("raw").cast(pl.Datetime("us")) if raw.dtype == pl.Date else pl.col("raw")
    sound = pl.when(value.dt.year().is_between(1700, 2199)).then(value)
    own = raw.dtype.time_zone if isinstance(raw.dtype, pl.Datetime) else None
    if own is None:
        return values.with_columns(wall=sound.cast(_WALL), instant=pl.lit(None, dtype=_INSTANT))
    wall = off_clock(sound, own)
    return values.with_columns(wall=wall.cast(_WALL), instant=sound.dt.convert_time_zone("UTC").cast(_INSTANT))


def read_dates(raw: pl.Series) -> pl.DataFrame:
    """One row a distinct value of `raw`: `raw`, `stamp` (ns, null where it is no date), in the local time of the bars.

    As it is written: the offset of a text, like the zone of a column, says whose clock that is and moves nothing.
    """
    read = read_stamps(raw, "UTC")
    if raw.dtype == pl.String:
        bare = _read_text(pl.col("raw").str.strip_chars().str.replace(_TRAILING_OFFSET, ""), "UTC")["wall"]
        read = read.with_columns(wall=pl.when(pl.col("instant").is_null()).then("wall").otherwise(bare))
    return read.select("raw", stamp=_ns(pl.col("wall")))


def close_times(values: pl.DataFrame, stamping: Stamping) -> pl.DataFrame:
    """`raw`, `stamp`, `time` (both ns, Int64), and whether the local time is `nonexistent` or `ambiguous`."""
    wall, zone = pl.col("wall"), stamping.zone
    spans_days = stamping.ahead_ns is None
    # A midnight that opens a bar of whole days is a date: whether the clocks skipped that minute is no matter.
    dated = (_ns(wall) % DAY_NS == 0) if spans_days else pl.lit(value=False)
    asked = pl.col("instant").is_null() & wall.is_not_null() & ~dated
    earliest = _localize(wall, zone, "earliest")
    nonexistent = (asked & earliest.is_null()).alias("nonexistent")
    ambiguous = (asked & earliest.is_not_null() & _localize(wall, zone, "null").is_null()).alias("ambiguous")
    marked = values.with_columns(nonexistent, ambiguous, dated.alias("dated"), _ns(wall).alias("stamp"))
    time = _close_of_days(wall, stamping) if spans_days else _close_of_span(earliest, stamping)
    return marked.select(
        "raw", "stamp", _ns(pl.when(~(nonexistent | ambiguous)).then(time)).alias("time"), "nonexistent", "ambiguous"
    )


def on_clock(wall: pl.Expr, zone: str) -> pl.Expr:
    """A local time with its zone: the first where it occurs twice; for a midnight the clocks skip, the end of the skip.

    `off_clock` takes that end for the midnight again.
    """
    localized = wall.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    before = (wall - _GAP).dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
    return pl.coalesce(localized, before + _GAP)


def off_clock(moment: pl.Expr, zone: str) -> pl.Expr:
    """Local times of a column with that zone; where the clocks skip midnight, that date begins at the skip's end."""
    local = moment.dt.replace_time_zone(None)
    midnight = local.dt.truncate("1d")
    skipped = midnight.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null").is_null()
    return pl.when(skipped & (on_clock(midnight, zone) == moment)).then(midnight).otherwise(local)


def _close_of_span(localized: pl.Expr, stamping: Stamping) -> pl.Expr:
    # Within a day, bars last a time and not a reading of the clock.
    opened = pl.coalesce("instant", localized)
    return opened + pl.duration(nanoseconds=stamping.interval_ns) if stamping.stamped == "open" else opened


def _close_of_days(wall: pl.Expr, stamping: Stamping) -> pl.Expr:
    close = wall + pl.duration(nanoseconds=stamping.interval_ns)
    # Where the clocks skip that midnight, the day ends at the skip.
    return pl.coalesce(
        _localize(close, stamping.zone, "earliest"), _localize(close - _GAP, stamping.zone, "earliest") + _GAP
    )


def _read_text(text: pl.Expr, zone: str) -> dict[str, pl.Expr]:
    plain = text.str.replace_all("/", "-", literal=True).str.replace("T", " ", literal=True)
    walls = [plain.str.to_datetime(form, time_unit="us", strict=False) for form in _NAIVE]
    instants = [plain.str.to_datetime(form, time_unit="us", time_zone="UTC", strict=False) for form in _OFFSET]
    instant = _sound(pl.coalesce(instants)).cast(_INSTANT)
    wall = pl.coalesce(
        _sound(pl.coalesce(walls)).cast(_WALL), instant.dt.convert_time_zone(zone).dt.replace_time_zone(None)
    )
    return {"wall": wall, "instant": instant}


def _sound(value: pl.Expr) -> pl.Expr:
    return pl.when(value.dt.year().is_between(1700, 2199)).then(value)


def _localize(wall: pl.Expr, zone: str, ambiguous: Literal["earliest", "null"]) -> pl.Expr:
    local = wall.dt.replace_time_zone(zone, ambiguous=ambiguous, non_existent="null")
    return local.dt.convert_time_zone("UTC")


def _ns(value: pl.Expr) -> pl.Expr:
    return value.dt.timestamp("ns")
