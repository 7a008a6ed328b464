"""Reference statistics: what they say, and that a bundle carries them."""

from dataclasses import replace

import numpy as np
import pytest
from pydantic import JsonValue

from common.errors import BundleError
from common.models.bundle import Bundle
from common.models.golden import encode_array
from common.models.reference import COLUMNS, FILE, encode_reference, measure, read_reference
from tests.common.models.sample_bundle import NAMES, draft, sketch


def _bundle() -> Bundle:
    random = np.random.default_rng(1)
    words, files = encode_reference(measure(random.standard_normal((len(NAMES), 200)), random.standard_normal(200)))
    return Bundle.make(replace(draft(), reference=words), files)


def test_it_describes_the_finite_values() -> None:
    """Share of what is missing, mean, deviation, quantiles from the least to the greatest."""
    features = np.array([[1.0, 2.0, 3.0, np.nan, np.inf], [np.nan] * 5])
    found = measure(features, np.arange(5.0))
    first = dict(zip(COLUMNS, found.features[0], strict=True))
    assert (first["rows"], first["missing"], first["mean"]) == (5.0, 0.4, 2.0)
    assert (first["q0"], first["q50"], first["q100"]) == (1.0, 2.0, 3.0)
    np.testing.assert_array_equal(found.features[1][2:], np.full(len(COLUMNS) - 2, np.nan))
    assert found.features[1][1] == 1.0
    assert (found.of_prediction("q0"), found.of_prediction("q100")) == (0.0, 4.0)


def test_a_bundle_carries_it() -> None:
    """A row a feature and one for the prediction; a bundle made without has none."""
    found = read_reference(_bundle())
    assert found is not None
    assert found.features.shape == (len(NAMES), len(COLUMNS))
    assert found.columns == COLUMNS
    assert read_reference(sketch()) is None


@pytest.mark.parametrize("table", [np.zeros((3, len(COLUMNS))), np.zeros((4, 2)), np.zeros(4)])
def test_another_shape_is_refused(table: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    """It belongs to these features."""
    with pytest.raises(BundleError, match=FILE):
        read_reference(replace(_bundle(), files={FILE: encode_array(table)}))


def test_columns_must_be_named() -> None:
    """Numbers without names mean nothing."""
    words: dict[str, JsonValue] = {"file": FILE, "columns": "all"}
    with pytest.raises(BundleError, match="names no columns"):
        read_reference(Bundle.make(replace(draft(), reference=words), {}))
