"""Factors as a long frame: of bars in memory for a notebook, or of a file of any length into a file."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from common.atomic import replacing
from common.errors import BarFileError, FactorError
from common.factors.plan import Plan, compile_set
from common.factors.sets import FactorSet
from common.market.constituents import Constituents
from common.market.in_memory import take_bars
from common.market.parts import BarParts
from common.market.span import ANY_TIME, Span
from common.market.store import BarTable
from common.research.factor_blocks import Stretch, compute_blocks
from common.research.periods import shown

GROUP_ROWS = 65_536
MARKS = ("member", "warm")

# Called with sections done and sections in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A set over bars, of members as of each bar, within a span of stamps; bars before it are history.

    marks: non-members, too, and columns `member` and `warm`.
    """

    factor_set: FactorSet
    bars: BarParts
    constituents: Constituents | None = None
    span: Span = ANY_TIME
    marks: bool = False

    def schema(self) -> dict[str, pl.DataType]:
        """Columns of the frame; FactorError for a factor that has the name of another one."""
        names = [name for name, _ in self.factor_set.factors]
        marks = MARKS if self.marks else ()
        for name in ("datetime", "symbol", *marks):
            if name in names:
                raise FactorError(f"factor {name!r} of {self.factor_set.name} has the name of a column; rename it")
        kind = self.bars.form.kind
        stamp = kind if isinstance(kind, pl.Date | pl.Datetime) else pl.Datetime("us")
        numbers = dict.fromkeys(names, pl.Float64())
        return {"datetime": stamp, "symbol": pl.String(), **dict.fromkeys(marks, pl.Boolean()), **numbers}


@dataclass(slots=True)
class Computed:
    """What has come of it so far: rows, sections with rows, sections read, rows refused by reason."""

    plan: Plan
    rows: int = 0
    sections: int = 0
    read: int = 0
    rejected: Counter[str] = field(default_factory=Counter)


def silent(done: int, most: int) -> None:
    """Progress for nobody."""


def factor_frame(
    bars: BarTable | pl.DataFrame,
    factor_set: FactorSet,
    *,
    start: str | None = None,
    end: str | None = None,
    constituents: Constituents | None = None,
    marks: bool = False,
) -> pl.DataFrame:
    """Factors of bars in memory: datetime and symbol as the file has them, a column a factor, a row a member's bar.

    bars: what `load_bars` gives, or a polars frame as a file would have it, in UTC unless its stamps have a zone.
    `marks` adds the bars of non-members, and columns `member` and `warm`. BarFileError for what is no bars.
    """
    wanted = Wanted(factor_set, BarParts.of(take_bars(bars)), constituents, Span.of(start, end), marks)
    empty = pl.DataFrame(schema=wanted.schema())
    return pl.concat([empty, *_frames(wanted, Computed(compile_set(factor_set)), silent)])


def write_factors(path: Path, wanted: Wanted, progress: Progress = silent) -> Computed:
    """Write them as parquet, block by block; the file appears whole or not at all. BarFileError for no rows."""
    computed = Computed(compile_set(wanted.factor_set))
    metadata = {"alphabus.set": wanted.factor_set.name, "alphabus.plan": computed.plan.digest.hex()}

    def batches(*_: object) -> Iterator[pl.DataFrame]:
        return _frames(wanted, computed, progress)

    with replacing(path) as temporary:
        frames = register_io_source(batches, schema=wanted.schema())
        frames.sink_parquet(temporary, row_group_size=GROUP_ROWS, metadata=metadata)
        if not computed.rows:
            raise BarFileError(
                f"nothing to write to {path}: no member has a bar from {shown(wanted.span)}; {_extent(wanted.bars)}: "
                "choose other dates, or look at the members"
            )
    return computed


def _extent(bars: BarParts) -> str:
    """From when to when there are bars."""
    stamps = [part.frame["stamp"] for part in bars.parts if not part.frame.is_empty()]
    if not stamps:
        return "there are no bars"
    ends = Span(min(int(each.min()) for each in stamps), max(int(each.max()) for each in stamps))  # type: ignore[arg-type]
    return f"the bars are from {shown(ends)}"


def _frames(wanted: Wanted, computed: Computed, progress: Progress) -> Iterator[pl.DataFrame]:
    """Frames of the schema, in order of time and symbol."""
    schema = wanted.schema()
    for stretch in compute_blocks(computed.plan, _bars(wanted, computed), wanted.constituents):
        computed.read += len(stretch.stamp)
        progress(computed.read, max(computed.read, wanted.bars.sections))
        frame = _frame(stretch, wanted, schema)
        if not frame.is_empty():
            computed.rows += frame.height
            computed.sections += frame["datetime"].n_unique()
            yield frame


def _bars(wanted: Wanted, computed: Computed) -> Iterator[pl.DataFrame]:
    """Good rows up to the end of the span: what comes later can change nothing in it."""
    for part in wanted.bars.parts:
        computed.rejected.update(part.rejected_by_reason)
        # Where clocks go back, a stamp alone does not order sections.
        last = part.frame.filter(pl.col("stamp") <= wanted.span.last)["time"].max()
        frame = part.frame.filter(pl.col("time") <= pl.lit(last, pl.Int64))
        if not frame.is_empty():
            yield frame


def _frame(stretch: Stretch, wanted: Wanted, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    factors, span = stretch.factors, wanted.span
    inside = (span.first <= stretch.stamp) & (stretch.stamp <= span.last)
    rows = (factors.present != 0) & inside[:, None]
    if not wanted.marks:
        rows &= factors.member != 0
    section, symbol = np.nonzero(rows)
    marks = {name: getattr(factors, name)[rows] != 0 for name in MARKS if wanted.marks}
    place = np.flatnonzero(rows)
    values = {name: factors.values[i].reshape(-1)[place] for i, name in enumerate(factors.names)}
    moments = pl.DataFrame({"time": stretch.time[section], "stamp": stretch.stamp[section]})
    stamps = moments.select(wanted.bars.form.written())
    names = pl.Series(factors.symbols, dtype=pl.String).gather(symbol)
    return pl.DataFrame({"datetime": stamps["stamp"], "symbol": names, **marks, **values}, schema=schema)
