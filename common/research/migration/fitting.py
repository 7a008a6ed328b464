"""Processors fitted on vnpy's own factors over its whole training span: the numbers its model was taught behind (pure).

The embargo and the full look-back that training keeps here would give other medians, and no model is trained.
"""

import numpy as np
import polars as pl

from common.errors import ExportError, FactorError
from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import FeatureBlock
from common.market.span import Span
from common.research.migration.export import Export
from common.research.processing import Processing


def chain_of(export: Export, processing: Processing, train: Span) -> Chain:
    """Infer processors, fitted; ExportError where that span holds nothing to fit them on."""
    names = tuple(export.definition.factors)
    if not processing.infer:
        return Chain(names, ())
    try:
        return Chain.fit(processing.infer, block_of(export.raw, names, train))
    except FactorError as error:
        raise ExportError(f"dataset {export.definition.dataset}: {error}") from error


def block_of(raw: pl.DataFrame, names: tuple[str, ...], span: Span) -> FeatureBlock:
    """Rows of a span, all of them, by stamp and symbol."""
    rows = raw.filter(pl.col("stamp").is_between(span.first, span.last))
    stamps, section = np.unique(rows["stamp"].to_numpy(), return_inverse=True)
    symbols = sorted(rows["symbol"].unique())
    place = rows["symbol"].cast(pl.Enum(symbols)).to_physical().to_numpy()
    values = np.full((len(names), len(stamps), len(symbols)), np.nan)
    for number, name in enumerate(names):
        values[number, section, place] = rows[name].to_numpy()
    counted = np.zeros(values.shape[1:], np.bool_)
    counted[section, place] = True
    return FeatureBlock(tuple(symbols), stamps, names, values, counted)
