"""What taking a model over came to, as tables and as plain values."""

from collections.abc import Sequence
from dataclasses import asdict
from math import isfinite
from typing import Any

from rich.markup import escape
from rich.table import Table

from common.amounts import amount
from common.models.records import ModelRef
from common.research.migration.candidate import MORE_BARS
from common.research.migration.coverage import Coverage
from common.research.migration.findings import SMALL, Finding
from common.research.migration.migration import ARITHMETIC, PROCESSORS, Migration
from common.research.migration.predictions import Change
from common.research.migration.reasons import MEANING, Reason

NAMED = 5


def reasons_table(migration: Migration) -> Table:
    """A row a reason: how many factors it concerns, in how many of their rows, by how much at most, and what it is."""
    table = _table("why factors differ", ("reason", "meaning"), ("factors", "rows", "largest"))
    for reason in Reason:
        causes = [cause for each in migration.findings for cause in each.causes if cause.reason is reason]
        if causes:
            largest = max((cause.largest for cause in causes if cause.largest is not None), default=None)
            rows = sum(cause.rows for cause in causes)
            table.add_row(reason, MEANING[reason], str(len(causes)), f"{rows:,}", _number(largest))
    return table


def factors_table(migration: Migration, show: int) -> Table:
    """A row a factor that differs, those that agree least first."""
    differing = sorted((each for each in migration.findings if each.causes), key=lambda each: each.share)
    title = f"{len(differing)} of {len(migration.findings)} factors differ (differences in their standard deviations)"
    table = _table(title, ("factor", "why"), ("agree", "one side", "median", "largest"))
    for each in differing[:show]:
        table.add_row(
            escape(each.name),
            ", ".join(each.reasons),
            f"{100 * each.share:.2f} %",
            f"{each.one_sided:,}",
            _number(each.median),
            _number(each.largest),
        )
    if len(differing) > show:
        table.add_row(f"... {len(differing) - show} more", "", "", "", "", "")
    return table


def movers_table(migration: Migration, show: int) -> Table:
    """A row a factor that moves predictions when it alone becomes ours."""
    title = "what moves predictions, one factor at a time (in standard deviations of vnpy's)"
    table = _table(title, ("factor", "why"), ("mean", "largest", "beyond"))
    reasons = {each.name: each.reasons for each in migration.findings}
    for each in migration.movers[:show]:
        why = ", ".join(reasons[each.name])
        table.add_row(escape(each.name), why, _number(each.mean), _number(each.largest), _share(each.beyond))
    return table


def predictions_table(migration: Migration) -> Table:
    """A row a segment, and one for all; the last: what our processors, and our arithmetic, alone change."""
    title = f"predictions, moved beyond {migration.limit.deviations:g} of their standard deviations"
    headings = ("rows", "unanswered", "mean", "median", "largest", "beyond", "rank mean", "rank least")
    table = _table(title, ("segment",), headings)
    parts = {**migration.parts, "all": migration.change}
    if migration.candidate.recipe.processing.infer:
        parts["processors alone"] = migration.processing
    if migration.arithmetic.largest > SMALL:
        parts["arithmetic alone"] = migration.arithmetic
    for name, each in parts.items():
        counts = (
            f"{each.rows:,}",
            f"{each.unanswered:,}",
            _number(each.mean),
            _number(each.median),
            _number(each.largest),
        )
        table.add_row(escape(name), *counts, _share(each.beyond), f"{each.rank_mean:.6f}", f"{each.rank_least:.6f}")
    return table


def verdict(migration: Migration, ref: ModelRef | None) -> list[str]:
    """Lines that say what was compared, and what came of it."""
    rows, limit, found = migration.rows, migration.limit, migration.coverage
    cold, gone = "without a full look-back", "that are no bar here"
    left = f"{found.cold:,} {cold}, {found.no_bar:,} {gone}, {found.no_member:,} of no member"
    lines = [
        f"{amount(rows.compared, 'row')} of factors compared; {rows.cold:,} {cold}, {rows.no_bar:,} {gone}",
        f"{found.compared:,} of {found.asked:,} predictions compared; {left}",
    ]
    if not limit.suffices(found):
        told = f"{_share(found.share)} of the predictions were compared (needed: {_share(limit.compared)})"
        return [*lines, f"{told}: not registered. {_more_rows(found)}"]
    moved = f"{_share(migration.change.beyond)} of the predictions move by more than {limit.deviations:g} deviations"
    moved = f"{moved} (allowed: {_share(limit.share)} of them)"
    if migration.holds:
        return [*lines, f"{moved}: {'not registered: a dry run' if ref is None else f'registered as {ref}'}"]
    names = ", ".join(migration.culprits[:NAMED]) or "nothing alone"
    return [*lines, f"{moved}: not registered. What moves them most: {names}. {_advice(migration)}"]


def _more_rows(found: Coverage) -> str:
    """What to do about the most of those that were not compared."""
    if found.cold >= max(found.no_bar, found.no_member):
        return MORE_BARS
    if found.no_bar >= found.no_member:
        return "Give the bars it was loaded from with --bars"
    return "Give --members as vnpy's index filter had it, or need fewer with --compared"


def _advice(migration: Migration) -> str:
    allow = "allow more with --limit or --beyond"
    if migration.culprits[:1] == (ARITHMETIC,):
        return f"vnpy's networks compute in 32 bits, ours in 64; {allow}"
    if migration.culprits[:1] != (PROCESSORS,):
        return f"Train it on our factors with scripts.train, or {allow}"
    fitted = any(getattr(each, "fit_end_time", "") is None for each in migration.candidate.recipe.processing.infer)
    if fitted:
        return f"Fit vnpy's normalisers on its training span (fit_start_time and fit_end_time), or {allow}"
    return f"vnpy's sections hold symbols without a full look-back, which have no say here; {allow}"


def figures(migration: Migration) -> dict[str, Any]:
    """Everything, as JSON has words for it; what cannot be said is None."""
    said = migration.candidate.export.definition
    return {
        "from": {"vnpy": said.vnpy, "dataset": said.dataset, "model": said.model},
        "kind": migration.candidate.recipe.kind,
        "limit": asdict(migration.limit),
        "holds": migration.holds,
        "coverage": {**asdict(migration.coverage), "share": migration.coverage.share},
        "culprits": list(migration.culprits),
        "rows": {name: getattr(migration.rows, name) for name in ("compared", "no_bar", "cold")},
        "factors": [_finding(each) for each in migration.findings],
        "movers": [
            {"factor": each.name, "mean": each.mean, "largest": each.largest, "beyond": each.beyond}
            for each in migration.movers
        ],
        "predictions": {name: _change(each) for name, each in {**migration.parts, "all": migration.change}.items()},
        "processors_alone": _change(migration.processing),
        "arithmetic_alone": _change(migration.arithmetic),
    }


def _finding(found: Finding) -> dict[str, Any]:
    causes = [{"reason": each.reason.value, "rows": each.rows, "largest": each.largest} for each in found.causes]
    numbers = {name: _sayable(getattr(found, name)) for name in ("share", "std", "median", "largest")}
    counts = {name: getattr(found, name) for name in ("rows", "agreeing", "one_sided")}
    return {"factor": found.name, "text": found.text, **counts, **numbers, "causes": causes}


def _change(found: Change) -> dict[str, Any]:
    return {name: _sayable(figure) for name, figure in asdict(found).items()}


def _table(title: str, words: Sequence[str], numbers: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left")
    for heading in words:
        table.add_column(heading)
    for heading in numbers:
        table.add_column(heading, justify="right")
    return table


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def _share(value: float) -> str:
    return f"{100 * value:.2f} %"


def _sayable(figure: float) -> float | None:
    return figure if isfinite(figure) else None
