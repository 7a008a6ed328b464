"""An analysis as one page that needs nothing from elsewhere."""

from __future__ import annotations

import html
from collections.abc import Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.amounts import amount
from common.models.libraries import library
from common.research.analysis.analysis import Analysis, mean_by_bucket
from common.research.analysis.cells import BASIS_POINTS, cells

Floats = NDArray[np.float64]

MONTH = 21


def page(analysis: Analysis) -> str:
    """The whole report as HTML: a table of figures, then plots; the drawing library's own javascript is in it."""
    title = html.escape(analysis.subject.name)
    plots = [_coefficients(analysis), _months(analysis), _returns(analysis), _wealth(analysis), _turnover(analysis)]
    parts = [
        figure.to_html(full_html=False, include_plotlyjs=number == 0, include_mathjax=False)
        for number, figure in enumerate(plots)
    ]
    return _SHELL.format(title=title, table=_table(analysis), plots="\n".join(parts))


def _table(analysis: Analysis) -> str:
    rows = [cells(analysis, horizon) for horizon in analysis.subject.horizons]
    # Quantiles have a plot of their own.
    heads = [each for each in rows[0] if each != "Q1 .. Qn bp"]
    lines = [_line("th", heads), *(_line("td", [row[each] for each in heads]) for row in rows)]
    return f"<table>{''.join(lines)}</table>"


def _line(tag: str, texts: Sequence[str]) -> str:
    return f"<tr>{''.join(f'<{tag}>{html.escape(each)}</{tag}>' for each in texts)}</tr>"


def _coefficients(analysis: Analysis) -> Any:
    """Rank IC of each section as dots, its mean over a month of sections as a line."""
    figure, times = _figure("Rank IC over time"), _times(analysis)
    for horizon, series in sorted(analysis.series.items()):
        figure.add_scatter(x=times, y=_trailing_mean(series, MONTH), name=f"{_bars(horizon)}, mean of {MONTH} sections")
    first = min(analysis.series)
    figure.add_scatter(
        x=times, y=_known(analysis.series[first]), mode="markers", marker={"size": 3}, opacity=0.4,
        name=f"{_bars(first)}, each section",
    )  # fmt: skip
    return figure


def _months(analysis: Analysis) -> Any:
    """Mean rank IC by calendar month."""
    figure = _figure("Rank IC by month")
    for horizon, found in sorted(analysis.coefficients.items()):
        months = found.months
        figure.add_bar(x=[each.month for each in months], y=[each.mean for each in months], name=_bars(horizon))
    figure.update_xaxes(type="category")
    return figure


def _returns(analysis: Analysis) -> Any:
    """Mean excess return of each quantile, in basis points."""
    figure = _figure("Mean return by quantile, less the section's mean, basis points")
    for horizon, returns in sorted(analysis.returns.items()):
        earned = mean_by_bucket(returns) * BASIS_POINTS
        figure.add_bar(x=_names(analysis), y=_known(earned), name=_bars(horizon))
    return figure


def _wealth(analysis: Analysis) -> Any:
    """Sum of excess returns of each quantile over the shortest horizon: longer ones overlap."""
    horizon = analysis.subject.horizons[0]
    figure = _figure(f"Sum of excess returns over {_bars(horizon)}, by quantile")
    summed = np.cumsum(np.nan_to_num(analysis.returns[horizon]), axis=0)
    for bucket, name in enumerate(_names(analysis)):
        figure.add_scatter(x=_times(analysis), y=summed[:, bucket].tolist(), name=name)
    return figure


def _turnover(analysis: Analysis) -> Any:
    """Share of the outer quantiles that is new, and the stability of ranks."""
    figure, times = _figure("Turnover of the outer quantiles, and rank autocorrelation"), _times(analysis)
    horizon = analysis.subject.horizons[0]
    for bucket, name in ((0, "lowest quantile"), (-1, "highest quantile")):
        figure.add_scatter(x=times, y=_trailing_mean(analysis.turnover[horizon][:, bucket], MONTH), name=name)
    figure.add_scatter(x=times, y=_trailing_mean(analysis.autocorrelation[horizon], MONTH), name="rank autocorrelation")
    return figure


def _figure(title: str) -> Any:
    figure = library("plotly.graph_objects").Figure()
    figure.update_layout(title=title, template="plotly_white", height=380, margin={"t": 60, "b": 40})
    return figure


def _bars(horizon: int) -> str:
    return amount(horizon, "bar")


def _times(analysis: Analysis) -> list[str]:
    return [str(each) for each in analysis.subject.stamp.astype("datetime64[ns]").astype("datetime64[s]")]


def _names(analysis: Analysis) -> list[str]:
    return [f"Q{bucket + 1}" for bucket in range(analysis.buckets)]


def _trailing_mean(series: Floats, window: int) -> list[float | None]:
    """Mean of the known values among the last `window` sections; None until there is one."""
    known = np.isfinite(series)
    sums = np.concatenate([[0.0], np.cumsum(np.where(known, series, 0.0))])
    counts = np.concatenate([[0], np.cumsum(known)])
    last = np.arange(1, len(series) + 1)
    first = np.maximum(last - window, 0)
    with np.errstate(invalid="ignore"):
        return _known((sums[last] - sums[first]) / (counts[last] - counts[first]))


def _known(values: Floats) -> list[float | None]:
    return [float(value) if isfinite(value) else None for value in values]


_SHELL = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; max-width: 1100px; margin: 2em auto; padding: 0 1em; color: #222 }}
table {{ border-collapse: collapse; margin: 1em 0 }}
th, td {{ padding: .3em .9em; text-align: right; border-bottom: 1px solid #ddd }}
th {{ font-weight: 600; border-bottom: 2px solid #888 }}
p {{ color: #555 }}
</style></head><body>
<h1>{title}</h1>
{table}
<p>Returns run from the close one bar after a value was known to the close so many bars later, on each symbol's own
bars. t allows for overlapping returns (Newey and West). Turnover is the mean of the lowest and the highest
quantile's, over the horizon.</p>
{plots}
</body></html>
"""
