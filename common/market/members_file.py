"""Writing who belongs to an index as of when: the file of members that feed, training and replay read."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from common.atomic import replacing
from common.errors import BarFileError
from common.market.constituents import EVER, FROM, TO, Constituents
from common.market.durations import DAY_NS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = 1_000


def save_constituents(path: Path, constituents: Constituents) -> None:
    """Write a CSV that `load_constituents` reads as the same stays; BarFileError where the disk refuses.

    Days where a stay is whole days; times to the microsecond where it is not.
    """
    rows = [(each.symbol, _text(each.first), _end(each.last)) for each in constituents.intervals]
    frame = pl.DataFrame(rows, {"symbol": pl.String, FROM: pl.String, TO: pl.String}, orient="row")
    try:
        with replacing(path) as temporary:
            frame.write_csv(temporary)
    except OSError as error:
        raise BarFileError(f"members {path} cannot be written: {error.strerror or error}") from error


def _end(last: int) -> str | None:
    """A day's end is written as that day, which a time at midnight would be read as."""
    if (last + 1) % DAY_NS == 0:
        return _text(last + 1 - DAY_NS)
    return _text(last + _US if last % DAY_NS == 0 else last)


def _text(stamp: int) -> str | None:
    """A date or a time as a file writes it; None for an open end."""
    if abs(stamp) >= EVER:
        return None
    moment = (_EPOCH + timedelta(microseconds=stamp // _US)).replace(tzinfo=None)
    return moment.date().isoformat() if stamp % DAY_NS == 0 else moment.isoformat(" ", "microseconds")
