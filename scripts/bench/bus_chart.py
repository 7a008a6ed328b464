"""Ours beside the other side, a panel a unit: an HTML page that needs nothing from the network."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from common.atomic import replacing
from scripts.bench.rows import Row

PANELS = (("one way", "one way, ms"), ("latency", "feed to cache, ms"), ("throughput", "sections a second"))


def write_chart(path: Path, rows: Sequence[Row]) -> None:
    """Bars, one pair a row; the ways are on a logarithmic axis, for they span a thousand times."""
    # Only this needs plotly, and only when a chart is asked for.
    titles = [title for _, title in PANELS]
    figure = import_module("plotly.subplots").make_subplots(rows=len(PANELS), cols=1, subplot_titles=titles)
    for place, (word, _) in enumerate(PANELS, 1):
        shown = [row for row in reversed(rows) if word in row.what and row.theirs is not None]
        names = [row.what.removeprefix("one way, ").removeprefix("path, ") for row in shown]
        sides = (("ours", "#636efa", [row.ours for row in shown]), ("beside", "#ef553b", [row.theirs for row in shown]))
        for side, colour, figures in sides:
            look = {"name": side, "legendgroup": side, "showlegend": place == 1, "marker": {"color": colour}}
            figure.add_bar(x=figures, y=names, orientation="h", row=place, col=1, **look)
        if word == "one way":
            figure.update_xaxes(type="log", row=place, col=1)
    figure.update_layout(height=1300, margin={"l": 360})
    with replacing(path) as temporary:
        figure.write_html(temporary, include_plotlyjs=True)
