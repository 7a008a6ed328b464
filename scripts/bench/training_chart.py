"""How many times as long the other side takes, and how many times the memory: a page that needs no network."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from common.atomic import replacing
from scripts.bench.rows import Row


def write_chart(path: Path, rows: Sequence[Row]) -> None:
    """One bar a row that has both sides; the axis is logarithmic, ours is at 1."""
    # Only this needs plotly, and only when a chart is asked for.
    figure = import_module("plotly.graph_objects").Figure()
    shown = [row for row in reversed(rows) if row.ratio and row.unit in {"ms", "MB"}]
    names = [f"{row.what}: {row.peer}" for row in shown]
    figure.add_bar(x=[1 / (row.ratio or 1) for row in shown], y=names, orientation="h")
    figure.update_xaxes(type="log", title="times as much as ours")
    figure.update_layout(height=400, margin={"l": 420})
    with replacing(path) as temporary:
        figure.write_html(temporary, include_plotlyjs=True)
