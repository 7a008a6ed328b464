"""Time a row over the number of rows, one panel a model: an HTML page that needs nothing from the network."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from common.atomic import replacing

Point = tuple[str, int, str, float]
"""Model, rows, peer, ms."""


def write_chart(path: Path, points: Sequence[Point]) -> None:
    """Both axes are logarithmic: microseconds a row, and rows."""
    sizes, peers = (list(dict.fromkeys(point[place] for point in points)) for place in (0, 2))
    # Only this needs plotly, and only when a chart is asked for.
    figure = import_module("plotly.subplots").make_subplots(cols=len(sizes), subplot_titles=sizes, shared_yaxes=True)
    colours = import_module("plotly.colors").qualitative.Plotly
    for column, size in enumerate(sizes, 1):
        for number, peer in enumerate(peers):
            line = [(rows, 1000.0 * ms / rows) for model, rows, name, ms in points if (model, name) == (size, peer)]
            look = {"name": peer, "legendgroup": peer, "showlegend": column == 1, "line": {"color": colours[number]}}
            figure.add_scatter(x=[x for x, _ in line], y=[y for _, y in line], row=1, col=column, **look)
    figure.update_xaxes(type="log", title="rows")
    figure.update_yaxes(type="log")
    figure.update_yaxes(title="µs a row", col=1)
    with replacing(path) as temporary:
        figure.write_html(temporary, include_plotlyjs=True)
