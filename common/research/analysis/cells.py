"""The figures of an analysis as people read them in a table: a cell is empty where there is nothing to say."""

from collections.abc import Mapping
from math import isfinite

from common.research.analysis.analysis import Analysis, mean_by_bucket, mean_of, spread_of

BASIS_POINTS = 1e4


def said(figure: float, form: str) -> str:
    """A figure in a form such as `+.4f`; empty for what is no number, or has no bound."""
    return format(figure, form) if isfinite(figure) else ""


def cells(analysis: Analysis, horizon: int) -> Mapping[str, str]:
    """Cells by heading, of one horizon; returns are in basis points (bp)."""
    found, returns = analysis.coefficients[horizon], analysis.returns[horizon]
    changed = mean_by_bucket(analysis.turnover[horizon])
    return {
        "bars": str(horizon),
        "rank IC": said(found.summary.mean, "+.4f"),
        "ICIR": said(found.ratio, "+.3f"),
        "t": said(found.t, "+.1f"),
        "IC > 0": said(found.positive, ".0%"),
        "sections": f"{found.summary.count:,}",
        "spread bp": said(spread_of(returns) * BASIS_POINTS, "+.1f"),
        "Q1 .. Qn bp": " ".join(said(each * BASIS_POINTS, "+.1f") or "-" for each in mean_by_bucket(returns)),
        "turnover": said((changed[0] + changed[-1]) / 2.0, ".0%"),
        "autocorrelation": said(mean_of(analysis.autocorrelation[horizon]), "+.3f"),
    }
