"""What a model says of a dataset, as a table: vnpy's `model.predict(dataset, segment)`, joined with whom it is of."""

import numpy as np
import polars as pl
import pytest

from common.market.store import BarTable
from common.models.processed import load_processed
from common.research.appraisal import ask
from common.research.dataset import Dataset
from common.research.periods import Segment
from common.research.prediction import predict
from common.research.training import train
from tests.common.research.small_market import between, market, spanned


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """Bars of a small market."""
    return market(tmp_path_factory.mktemp("market"))


@pytest.mark.parametrize("segment", list(Segment))
def test_a_row_is_an_opinion(table: BarTable, segment: Segment) -> None:
    """The rows a model reads, in their order, with what the model says of each; they join with the bars."""
    recipe = spanned(table.frame)
    dataset = Dataset.of(table, recipe, test=between(table.frame, 90, 119))
    model = load_processed(train(table.frame, recipe, prepared=lambda: dataset))
    found, infer = predict(model, dataset, segment), dataset.fetch_infer(segment)
    assert found.schema == {"datetime": table.datetime_type, "symbol": pl.String(), "signal": pl.Float64()}
    assert found.select("datetime", "symbol").equals(infer.select("datetime", "symbol"))
    part = dataset.part(segment)
    expected = model.model.predict(part.matrix(part.features.rows))
    np.testing.assert_array_equal(found["signal"].to_numpy(), expected)
    values = ask(model, dataset, segment).values
    np.testing.assert_array_equal(found["signal"].to_numpy(), values[np.isfinite(values)])
