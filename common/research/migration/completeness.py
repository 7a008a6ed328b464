"""Whether predictions answer the rows the dataset would have asked about, and those alone (pure)."""

from collections.abc import Iterable

import polars as pl

from common.errors import ExportError
from common.market.span import Span
from common.research.migration.export import KEYS, Export
from common.research.migration.spans import whole_span


def check_complete(export: Export) -> None:
    """Refuse predictions of rows that are not in the dataset, and rows of its periods without one."""
    said = export.definition
    answered = export.predictions.select(KEYS).unique()
    asked = export.inferred.select(KEYS).filter(_within(whole_span(*ends) for ends in said.periods.values()))
    left = asked.join(answered, on=list(KEYS), how="anti").height
    if left:
        raise ExportError(
            f"{left:,} of the {asked.height:,} rows of the periods of {said.dataset} have no prediction: "
            "export the model again"
        )
    surplus = answered.join(export.inferred.select(KEYS), on=list(KEYS), how="anti").height
    if surplus:
        raise ExportError(
            f"{surplus:,} of {answered.height:,} predictions are of rows that dataset {said.dataset} does not hold: "
            "export the model again"
        )


def _within(spans: Iterable[Span]) -> pl.Expr:
    return pl.any_horizontal(
        pl.lit(value=False), *(pl.col("stamp").is_between(each.first, each.last) for each in spans)
    )
