"""Feature importance as a page that needs nothing from elsewhere: the drawing library's own javascript is in it."""

from typing import Any

from common.models.importance import Importance
from common.models.libraries import library

_ROW_PIXELS, _MARGIN_PIXELS = 22, 160


def plot_importance(importance: Importance, title: str, *, by: str | None = None, most: int = 30) -> Any:
    """Return a plotly figure: the most important features from top to bottom, a panel of bars for each measure."""
    rows = list(importance.table(by))[:most]
    names = [name for name, _ in rows]
    measures = tuple(importance.measures)
    figure = library("plotly.subplots").make_subplots(
        cols=len(measures),
        shared_yaxes=True,
        horizontal_spacing=0.04,
        subplot_titles=[_words(each) for each in measures],
    )
    for column, measure in enumerate(measures, 1):
        bar = library("plotly.graph_objects").Bar(
            x=[numbers[measure] for _, numbers in rows], y=names, orientation="h", name=_words(measure)
        )
        figure.add_trace(bar, row=1, col=column)
    figure.update_yaxes(autorange="reversed", automargin=True)
    height = _MARGIN_PIXELS + _ROW_PIXELS * len(names)
    figure.update_layout(title=title, template="plotly_white", showlegend=False, height=height)
    return figure


def plot_page(figure: Any) -> str:
    """Return one HTML file with everything in it."""
    page: str = figure.to_html(full_html=True, include_plotlyjs=True, include_mathjax=False)
    return page


def _words(measure: str) -> str:
    return measure.replace("_", " ")
