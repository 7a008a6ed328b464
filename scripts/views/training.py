"""What training came to, as tables and as plain values."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from common.amounts import amount
from common.models.manifest import Manifest
from common.research.analysis.cells import said
from common.research.appraisal import Appraisal
from common.research.periods import shown
from common.research.sufficiency import ROWS_A_FEATURE, Sufficiency
from common.research.training import Trained
from common.research.walk_forward import Walked

FIGURES = (
    "ic",
    "ic_std",
    "icir",
    "ic_t (Newey-West)",
    "ic_t (plain)",
    "rank_ic",
    "rank_ic_std",
    "rank_icir",
    "rank_ic_t (Newey-West)",
    "rank_ic_t (plain)",
    "mse",
    "sections",
    "rows",
)


def scores_table(title: str, parts: Mapping[str, Appraisal]) -> Table:
    """A column a part, a row a figure."""
    table = Table(title=title, title_justify="left")
    for heading in ("", *parts):
        table.add_column(heading, justify="right")
    flat = [_flat(each) for each in parts.values()]
    for figure in FIGURES:
        table.add_row(figure, *(said(each[figure], ",.4g") for each in flat))
    return table


def months_table(parts: Mapping[str, Appraisal]) -> Table:
    """IC and rank IC month by month, part after part."""
    table = Table(title="by month", title_justify="left")
    for heading in ("part", "month", "sections", "ic", "rank_ic"):
        table.add_column(heading, justify="right")
    for name, found in parts.items():
        ranked = {each.month: each for each in found.rank_ic.months}
        for month in found.ic.months:
            rank = ranked.get(month.month)
            told = "" if rank is None else f"{rank.mean:.4f}"
            table.add_row(name, month.month, str(month.count), f"{month.mean:.4f}", told)
    return table


def walk_table(walked: Walked) -> Table:
    """A row a model: on what it was trained, and what it was asked for."""
    table = Table(title="walked forward", title_justify="left")
    for heading in ("model", "", "trained on", "validated on", "asked for"):
        table.add_column(heading)
    for each in walked.stretches:
        spans = (each.periods.train, each.periods.valid, each.test)
        table.add_row(str(each.trained.ref), again(each.trained), *(shown(span) for span in spans))
    return table


def few_rows(found: Sufficiency) -> str | None:
    """A warning with its figures and its rule, None where there are rows enough."""
    if found.is_enough:
        return None
    return (
        f"{amount(found.rows, 'row')} to learn {amount(found.features, 'feature')} from are "
        f"{found.rows_a_feature:.1f} a feature; below "
        f"{ROWS_A_FEATURE} a model fits mostly noise (Harrell 2015, 4.4): give more history, or fewer factors"
    )


def again(trained: Trained) -> str:
    """Whether the model was there before."""
    return "used again" if trained.reused else "new"


def model_figures(trained: Trained, manifest: Manifest, parts: Mapping[str, Appraisal]) -> dict[str, Any]:
    """One model, with the scores of its parts."""
    return {
        **identity(trained),
        "scores": manifest.scores,
        "parts": {name: each.figures() for name, each in parts.items()},
        "history_sections": manifest.data.sections,
    }


def walk_figures(walked: Walked) -> dict[str, Any]:
    """All models, and the scores of their answers in one."""
    models = [
        {
            **identity(each.trained),
            "spans": {name: shown(span) for name, span in _spans(each.periods.train, each.periods.valid, each.test)},
        }
        for each in walked.stretches
    ]
    return {"models": models, "out_of_sample": walked.appraisal.figures(), "rows": walked.signal.height}


def identity(trained: Trained) -> dict[str, Any]:
    """Which version it is."""
    ref = trained.ref
    return {"name": ref.name, "version": ref.version, "digest": ref.digest, "reused": trained.reused}


def _spans(*spans: Any) -> list[tuple[str, Any]]:
    return list(zip(("train", "validation", "test"), spans, strict=True))


def _flat(found: Appraisal) -> dict[str, float]:
    ic, ranked = found.ic, found.rank_ic
    return {
        "ic": ic.summary.mean,
        "ic_std": ic.summary.std,
        "icir": ic.ratio,
        "ic_t (Newey-West)": ic.t,
        "ic_t (plain)": ic.summary.t,
        "rank_ic": ranked.summary.mean,
        "rank_ic_std": ranked.summary.std,
        "rank_icir": ranked.ratio,
        "rank_ic_t (Newey-West)": ranked.t,
        "rank_ic_t (plain)": ranked.summary.t,
        "mse": found.mse,
        "sections": ranked.summary.count,
        "rows": found.rows,
    }
