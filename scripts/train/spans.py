"""From options to spans: what is learnt from, what stops, what judges, and where history ends."""

from pathlib import Path

import polars as pl
import typer

from common.market.span import Span
from common.market.store import BarTable
from common.research.history import history_end, history_of, split_time
from common.research.periods import Periods, Segment, read_span, times_of
from common.research.recipe import Recipe
from scripts.command import usage


def periods_of(train_span: str | None, validation: str | None) -> Periods | None:
    """Both spans, or None for neither."""
    if (train_span is None) != (validation is None):
        raise typer.BadParameter("give both spans, or neither", param_hint="--train, --validation")
    if train_span is None or validation is None:
        return None
    with usage("--train, --validation"):
        return Periods(read_span(train_span), read_span(validation))


def span_asked(text: str | None) -> Span | None:
    """The test span, if there is one."""
    with usage("--test"):
        return None if text is None else read_span(text)


def check_spans(
    split: str | None, train_span: str | None, walk: str | None, signals: Path | None, spans: list[str]
) -> None:
    """Refuse options that contradict one another."""
    if walk is not None and spans:
        raise typer.BadParameter("walking forward makes spans of its own", param_hint="--walk-forward")
    if split is not None and len(spans) > 1:
        hint = "--split, --train" if train_span else "--split, --test"
        raise typer.BadParameter("history ends at the split, or before the spans: give one of them", param_hint=hint)
    if signals is not None and walk is None:
        raise typer.BadParameter("only walking forward makes signals", param_hint="--signals")


def cure_of(periods: Periods | None, test: Span | None, walk: str | None) -> str:
    """Which option makes more rows of the same bars."""
    if walk is not None:
        return "give a longer --window"
    if periods is not None:
        return "widen --train or --validation"
    return "move --split to a later date" if test is None else "begin --test later"


def history_for(table: BarTable, recipe: Recipe, split: str | None, test: Span | None) -> pl.DataFrame:
    """What may be learnt from: up to the end of the validation span, before the test span, or before the split."""
    tested = None if test is None else times_of(table.frame, Segment.TEST, test)  # before anything is computed
    if recipe.periods is not None:
        return recipe.seen(table.frame)
    if tested is not None:
        return history_of(table.frame, tested[0])
    with usage("--split"):
        end = history_end(table.times, None if split is None else split_time(table.frame, split))
    return history_of(table.frame, end)
