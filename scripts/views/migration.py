"""What taking a model over came to, as tables and as plain values."""

from collections.abc import Sequence
from math import isfinite
from typing import Any

from rich.table import Table

from common.models.records import ModelRef
from common.research.migration.findings import Finding
from common.research.migration.migration import Migration
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
            each.name,
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
        table.add_row(each.name, why, _number(each.mean), _number(each.largest), _share(each.beyond))
    return table


def predictions_table(migration: Migration) -> Table:
    """A row a segment, and one for all; the last: what our processors alone change."""
    title = f"predictions, moved beyond {migration.limit.deviations:g} of their standard deviations"
    headings = ("rows", "unanswered", "median", "largest", "beyond", "rank mean", "rank least")
    table = _table(title, ("segment",), headings)
    parts = {**migration.parts, "all": migration.change}
    if migration.candidate.recipe.processing.infer:
        parts["processors alone"] = migration.processing
    for name, each in parts.items():
        counts = (f"{each.rows:,}", f"{each.unanswered:,}", _number(each.median), _number(each.largest))
        table.add_row(name, *counts, _share(each.beyond), f"{each.rank_mean:.6f}", f"{each.rank_least:.6f}")
    return table


def verdict(migration: Migration, ref: ModelRef | None) -> list[str]:
    """Lines that say what was compared, and what came of it."""
    rows, limit, change = migration.rows, migration.limit, migration.change
    lines = [
        f"{rows.compared:,} rows compared; {rows.cold:,} without a full look-back, {rows.no_bar:,} that are no bar here"
    ]
    allowed = f"more than {limit.deviations:g} deviations (allowed: {_share(limit.share)} of them)"
    if migration.holds:
        said = "not registered: a dry run" if ref is None else f"registered as {ref}"
        return [*lines, f"{_share(change.beyond)} of the predictions move by {allowed}: {said}"]
    names = ", ".join(each.name for each in migration.movers[:NAMED]) or "no single factor"
    refusal = f"{_share(change.beyond)} of the predictions move by {allowed}: not registered"
    advice = "Train it on our factors with scripts.train, or allow more with --limit or --beyond"
    return [*lines, f"{refusal}. What moves them most: {names}. {advice}"]


def figures(migration: Migration) -> dict[str, Any]:
    """Everything, as JSON has words for it; what cannot be said is None."""
    said = migration.candidate.export.definition
    return {
        "from": {"vnpy": said.vnpy, "dataset": said.dataset, "model": said.model},
        "kind": migration.candidate.recipe.kind,
        "limit": {"deviations": migration.limit.deviations, "share": migration.limit.share},
        "holds": migration.holds,
        "rows": {name: getattr(migration.rows, name) for name in ("compared", "no_bar", "cold")},
        "factors": [_finding(each) for each in migration.findings],
        "movers": [
            {"factor": each.name, "mean": each.mean, "largest": each.largest, "beyond": each.beyond}
            for each in migration.movers
        ],
        "predictions": {name: _change(each) for name, each in {**migration.parts, "all": migration.change}.items()},
        "processors_alone": _change(migration.processing),
    }


def _finding(found: Finding) -> dict[str, Any]:
    causes = [{"reason": each.reason.value, "rows": each.rows, "largest": each.largest} for each in found.causes]
    numbers = {name: _sayable(getattr(found, name)) for name in ("share", "std", "median", "largest")}
    counts = {name: getattr(found, name) for name in ("rows", "agreeing", "one_sided")}
    return {"factor": found.name, "text": found.text, **counts, **numbers, "causes": causes}


def _change(found: Change) -> dict[str, Any]:
    names = ("rows", "unanswered", "median", "largest", "beyond", "rank_mean", "rank_least")
    return {name: _sayable(getattr(found, name)) for name in names}


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
