"""What a model on record says of bars of the past, by the membership, engine and predictor of the live path."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alphabus.messages import Flag, Reason
from common.errors import DatasetError
from common.factors.block import Block, sessions_of
from common.factors.engine import Engine
from common.factors.processors.feature_block import FeatureBlock
from common.market.panel import Panel
from common.market.span import ANY_TIME, Span
from common.replay.results import SCHEMA
from common.research.factor_blocks import BLOCK_NUMBERS, THREADS
from common.research.precompute_check import ARM
from common.research.precompute_flags import flag_cells
from common.research.precompute_model import Served
from common.research.precompute_roll import Conditions, Roll, call_roll

# Called with sections done and sections in all.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A section of the span that has no signal of its own, and why: live it would be held, or not be at all."""

    bar: int
    time: int
    stamp: int
    reason: Reason


@dataclass(frozen=True, slots=True, eq=False)
class Precomputed:
    """Rows with the columns of a replay's record, by bar and symbol; the bars that decided them; what was left out."""

    rows: pl.DataFrame
    bars: pl.DataFrame
    left_out: tuple[LeftOut, ...]


def silent(done: int, most: int) -> None:
    """Progress for nobody."""


def precompute(
    bars: pl.DataFrame,
    served: Served,
    conditions: Conditions,
    span: Span = ANY_TIME,
    *,
    progress: Progress = silent,
    block_numbers: int = BLOCK_NUMBERS,
) -> Precomputed:
    """Ask a model about every section of good bars within a span; those before it are history, later ones not seen.

    A section below the coverage, or whose answer is not finite, is left out. DatasetError where nothing is left.
    """
    seen = _up_to(bars, span)
    panel = Panel.from_frame(seen)
    roll = call_roll(panel, conditions)
    within = (span.first <= panel.stamp) & (panel.stamp <= span.last)
    full = roll.coverage >= conditions.min_coverage
    left, frames = [_left_out(panel, place, Reason.COVERAGE) for place in np.flatnonzero(within & ~full).tolist()], []
    for first, answers in _answers(panel, roll, served, conditions, block_numbers):
        last = first + len(answers.flags)
        progress(last, len(panel))
        sound = ~np.any((answers.flags == Flag.OK) & ~np.isfinite(answers.values), axis=1)
        wanted = (within & full)[first:last]
        left += [_left_out(panel, first + place, Reason.INVALID) for place in np.flatnonzero(wanted & ~sound).tolist()]
        frames.append(_rows(panel, first, roll.tracked[first:last] & (wanted & sound)[:, None], answers, served))
    rows = pl.concat(frames)
    if rows.is_empty():
        raise DatasetError(f"none of the {int(within.sum())} sections of the span has a signal of its own")
    return Precomputed(rows, seen, tuple(sorted(left, key=lambda each: each.bar)))


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """Of consecutive sections: flags u1[b, S], values f8[b, S], NaN where the flag allows none."""

    flags: NDArray[np.uint8]
    values: NDArray[np.float64]


def _up_to(bars: pl.DataFrame, span: Span) -> pl.DataFrame:
    """The bars up to the last section of the span; where clocks go back, a stamp alone does not order sections."""
    inside = bars.filter(pl.col("stamp").is_between(span.first, span.last))
    if inside.is_empty():
        raise DatasetError("there is no bar in that span; look at its dates")
    return bars.filter(pl.col("time") <= inside["time"].max())


def _answers(
    panel: Panel, roll: Roll, served: Served, conditions: Conditions, block_numbers: int
) -> Iterator[tuple[int, _Answers]]:
    engine = Engine(served.plan, threads=THREADS)
    step = max(1, block_numbers // max(1, len(served.plan.names) * len(panel.symbols)))
    for first in range(0, len(panel), step):
        part = panel.slice(first, min(first + step, len(panel)))
        member = roll.member[first : first + len(part)]
        factors = engine.update(Block(panel.symbols, part.columns, member, sessions_of(part.stamp)))
        features = factors.values[list(served.places)]
        counted = (factors.present != 0) & (factors.member != 0) & (factors.warm != 0)
        found = served.model.answer(FeatureBlock(panel.symbols, part.stamp, served.model.features, features, counted))
        finite, fewest = np.isfinite(features).sum(axis=0), conditions.min_features * len(features)
        flags = flag_cells(factors, finite, fewest, counted & ~found.rows)
        values = np.where(flags == Flag.OK, found.values, np.nan)
        yield first, _Answers(flags, values)


def _left_out(panel: Panel, place: int, reason: Reason) -> LeftOut:
    return LeftOut(int(place) + 1, int(panel.time[place]), int(panel.stamp[place]), reason)


def _rows(panel: Panel, first: int, said: NDArray[np.bool_], answers: _Answers, served: Served) -> pl.DataFrame:
    section, symbol = np.nonzero(said)
    bar = first + section + 1
    fixed: dict[str, Any] = {
        "arm": ARM, "capital": 0.0, "model": served.ref.name, "version": served.ref.version,
        "model_digest": served.ref.digest, "status": "fresh", "reason": "", "revision": 0, "age": 0,
    }  # fmt: skip
    columns = {
        "stamp": panel.stamp[first + section],
        "time": panel.time[first + section],
        "bar": bar,
        "symbol": pl.Series(panel.symbols, dtype=pl.String).gather(symbol),
        "signal": answers.values[said],
        "flag": answers.flags[said],
        "computed_from": bar,
    }
    rows = pl.DataFrame(columns).with_columns([pl.lit(value).alias(name) for name, value in fixed.items()])
    return rows.select(list(SCHEMA)).cast(SCHEMA)  # type: ignore[arg-type]  # names to types, as it takes them
