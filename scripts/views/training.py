"""What training came to, as tables and as plain values."""

from collections.abc import Mapping
from typing import Any

from rich.table import Table

from common.models.manifest import Manifest
from common.research.appraisal import Appraisal
from common.research.periods import shown
from common.research.training import Trained
from common.research.walk_forward import Walked

FIGURES = (
    "ic",
    "ic_std",
    "icir",
    "ic_t",
    "rank_ic",
    "rank_ic_std",
    "rank_icir",
    "rank_ic_t",
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
        table.add_row(figure, *(f"{each[figure]:,.4g}" for each in flat))
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
        "ic_t": ic.t,
        "rank_ic": ranked.summary.mean,
        "rank_ic_std": ranked.summary.std,
        "rank_icir": ranked.ratio,
        "rank_ic_t": ranked.t,
        "mse": found.mse,
        "sections": ranked.summary.count,
        "rows": found.rows,
    }
