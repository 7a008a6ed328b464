"""The figures as a page: who takes how long, and how a step grows; it needs nothing from the network."""

import re
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from common.atomic import replacing
from scripts.bench.rows import Row

GROWTH = re.compile(r"growth, ([\d,]+) symbols x (\d+) factors")


def write_chart(path: Path, rows: Sequence[Row]) -> None:
    """Bars of how many times as long peers take; a step by symbols, and by factors, both axes logarithmic."""
    # Only this needs plotly, and only when a chart is asked for.
    titles = ["times as long as ours", "a step by symbols", "a step by factors"]
    figure = import_module("plotly.subplots").make_subplots(rows=3, cols=1, subplot_titles=titles)
    ratios = [row for row in rows if row.unit == "ms" and row.ratio and row.peer and not row.what.startswith("growth")]
    ratios.reverse()
    labels = [f"{row.what}: {row.peer}" for row in ratios]
    figure.add_bar(
        x=[1 / (row.ratio or 1) for row in ratios], y=labels, orientation="h", showlegend=False, row=1, col=1
    )
    figure.update_xaxes(type="log", row=1, col=1)
    grown = [(row, found) for row in rows if (found := GROWTH.fullmatch(row.what))]
    sizes = [(int(found[1].replace(",", "")), int(found[2]), row) for row, found in grown]
    most = max((factors for _, factors, _ in sizes), default=0)
    several = {symbols for symbols, factors, _ in sizes if factors == most}
    by_symbols = [(symbols, row) for symbols, factors, row in sizes if factors == 158]
    by_factors = [(factors, row) for symbols, factors, row in sizes if symbols in several]
    for place, what, points in ((2, "symbols", by_symbols), (3, "factors", by_factors)):
        _lines(figure, place, what, dict(points))
    figure.update_layout(height=1400, margin={"l": 420})
    with replacing(path) as temporary:
        figure.write_html(temporary, include_plotlyjs=True)


def _lines(figure: Any, place: int, what: str, points: dict[int, Row]) -> None:
    sizes, first = sorted(points), place == 2
    for name, colour, figures in (
        ("ours", "#636efa", [points[size].ours for size in sizes]),
        ("memory alone", "#ef553b", [points[size].theirs for size in sizes]),
    ):
        look = {"name": name, "legendgroup": name, "showlegend": first, "line": {"color": colour}}
        figure.add_scatter(x=sizes, y=figures, row=place, col=1, **look)
    figure.update_xaxes(type="log", title=what, row=place, col=1)
    figure.update_yaxes(type="log", title="ms", row=place, col=1)
