"""What a model on record says of bars of the past, by the membership, engine and predictor of the live path."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from alphabus.messages import Flag, Reason
from common.amounts import amount
from common.errors import DatasetError
from common.market.columns import NUMBERS
from common.market.membership import CROWDED
from common.market.panel import Panel
from common.market.parts import BarParts
from common.market.span import ANY_TIME, Span
from common.replay.results import SCHEMA
from common.research.factor_blocks import BLOCK_NUMBERS, PANEL_CELLS, dense_panels
from common.research.periods import shown
from common.research.precompute_answers import Answers, Oracle
from common.research.precompute_check import ARM
from common.research.precompute_model import Served
from common.research.roll_call import Conditions, Roll, RollCall
from common.research.running_digest import RunningDigest

# Called with sections done and sections in all.
Progress = Callable[[int, int], None]

NEVER = (0, -1)
"""No time lies between them."""

BAR_COLUMNS = ("time", "stamp", "symbol", *NUMBERS)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A section of the span that has no signal of its own, and why: live it would be held, or not be at all."""

    bar: int
    time: int
    stamp: int
    reason: Reason


@dataclass(slots=True)
class Tally:
    """What was read and said so far: bars and rows by their digests, sections of the span, those left out.

    in_sample: sections said within `learnt` (first and last close time, ns); speaking: those with a value for a symbol,
    first_value: bar and stamp of the first of these.
    """

    bars: RunningDigest = field(default_factory=lambda: RunningDigest(BAR_COLUMNS))
    rows: RunningDigest = field(default_factory=lambda: RunningDigest(SCHEMA))
    read: int = 0
    within: int = 0
    sections: int = 0
    first_bar: int = 0
    last_bar: int = 0
    left_out: list[LeftOut] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    learnt: tuple[int, int] = NEVER
    in_sample: int = 0
    speaking: int = 0
    first_value: tuple[int, int] | None = None

    def add(self, rows: pl.DataFrame) -> None:
        """Take rows that were said, of whole sections in order."""
        self.rows.update(rows)
        self.sections += rows["bar"].n_unique()
        self.first_bar, self.last_bar = self.first_bar or int(rows["bar"][0]), int(rows["bar"][-1])
        self.in_sample += rows.filter(pl.col("time").is_between(*self.learnt))["bar"].n_unique()
        spoken = rows.filter(pl.col("flag") == int(Flag.OK))
        self.speaking += spoken["bar"].n_unique()
        if self.first_value is None and spoken.height:
            self.first_value = int(spoken["bar"][0]), int(spoken["stamp"][0])


def silent(done: int, most: int) -> None:
    """Progress for nobody."""


@dataclass(frozen=True, slots=True)
class Question:
    """Bars, the model that is asked of them, and the conditions; sections of the span are told, those before it seen.

    No row depends on how much of it is in memory at a time.
    """

    bars: BarParts
    served: Served
    conditions: Conditions
    span: Span = ANY_TIME
    block_numbers: int = BLOCK_NUMBERS
    panel_cells: int = PANEL_CELLS

    def answers(self, tally: Tally, progress: Progress = silent) -> Iterator[pl.DataFrame]:
        """Rows with the columns of a replay's record, by bar and symbol, piece by piece.

        A section below the coverage, or whose answer is not finite, is left out. DatasetError where nothing is left.
        """
        call, oracle = RollCall(self.conditions), Oracle(self.served, self.conditions, self.block_numbers)
        for narrow in dense_panels(self._seen(tally), self.panel_cells):
            panel, roll = call.call(narrow)
            if roll.homeless:
                tally.rejected[CROWDED] += roll.homeless
            for rows in self._of_panel(panel, roll, oracle, tally):
                progress(tally.read, max(tally.read, self.bars.sections))
                if not rows.is_empty():
                    tally.add(rows)
                    yield rows
        if not tally.sections:
            raise DatasetError(f"the span has {amount(tally.within, 'section')}, none with a signal of its own")

    def _seen(self, tally: Tally) -> Iterator[pl.DataFrame]:
        """Bars up to the last section of the span; where clocks go back, a stamp alone does not order sections."""
        last = self._last_time()
        for part in self.bars.parts:
            tally.rejected.update(part.rejected_by_reason)
            frame = part.frame.filter(pl.col("time") <= last).sort("time", "symbol")
            if not frame.is_empty():
                tally.bars.update(frame)
                yield frame
            if frame.height < part.frame.height:
                return

    def _last_time(self) -> int:
        ends: list[Any] = []
        for part in reversed(self.bars.parts):
            ends += [part.frame["stamp"].min(), part.frame["stamp"].max()]
            last = part.frame.filter(pl.col("stamp").is_between(self.span.first, self.span.last))["time"].max()
            if isinstance(last, int):
                return last
        held = [end for end in ends if end is not None]
        told = f"they run from {shown(Span(min(held), max(held)))}" if held else "there are none"
        raise DatasetError(f"there is no bar in that span ({shown(self.span)}): {told}")

    def _of_panel(self, panel: Panel, roll: Roll, oracle: Oracle, tally: Tally) -> Iterator[pl.DataFrame]:
        within = (self.span.first <= panel.stamp) & (panel.stamp <= self.span.last)
        full = roll.coverage >= self.conditions.min_coverage
        before = tally.read
        for inside, answers in oracle.ask(panel, roll):
            whole, sound = (within & full)[inside], answers.sound
            for reason, missed in ((Reason.COVERAGE, (within & ~full)[inside]), (Reason.INVALID, whole & ~sound)):
                tally.left_out += _left_out(panel, before, inside.start + np.flatnonzero(missed), reason)
            said = roll.tracked[inside] & (whole & sound)[:, None]
            tally.read = before + inside.stop
            tally.within += int(within[inside].sum())
            yield _rows(panel.slice(inside.start, inside.stop), before + inside.start, said, answers, self.served)


def _left_out(panel: Panel, before: int, places: NDArray[np.int64], reason: Reason) -> list[LeftOut]:
    return [
        LeftOut(before + place + 1, int(panel.time[place]), int(panel.stamp[place]), reason)
        for place in places.tolist()
    ]


def _rows(part: Panel, before: int, said: NDArray[np.bool_], answers: Answers, served: Served) -> pl.DataFrame:
    section, symbol = np.nonzero(said)
    bar = before + section + 1
    fixed: dict[str, Any] = {
        "arm": ARM, "capital": 0.0, "model": served.ref.name, "version": served.ref.version,
        "model_digest": served.ref.digest, "status": "fresh", "reason": "", "revision": 0, "age": 0,
    }  # fmt: skip
    columns = {
        "stamp": part.stamp[section],
        "time": part.time[section],
        "bar": bar,
        "symbol": pl.Series(part.symbols, dtype=pl.String).gather(symbol),
        "signal": answers.values[said],
        "flag": answers.flags[said],
        "computed_from": bar,
    }
    rows = pl.DataFrame(columns).with_columns([pl.lit(value).alias(name) for name, value in fixed.items()])
    return rows.select(list(SCHEMA)).cast(SCHEMA)  # type: ignore[arg-type]  # names to types, as it takes them
