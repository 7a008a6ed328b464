"""Every kind of model keeps the contract; a new one is tested by being in the table."""

import numpy as np
import pytest

from common.errors import ModelError
from common.models.kinds import KINDS, load_predictor, model_class
from tests.common.models.sample_bundle import NAMES, make_bundle, samples


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_fits_predicts_saves_and_loads(kind: str) -> None:
    """With its defaults, over features that are partly missing."""
    fitted = model_class(kind).fit(samples(400), samples(200, seed=2), NAMES, {}, lambda _done, _most: None)
    loaded = model_class(kind).load(fitted.save(), NAMES)
    features = samples(20, seed=3).features
    np.testing.assert_array_equal(loaded.predict(features), fitted.predict(features))
    assert loaded.kind == kind
    assert loaded.features == NAMES


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_defaults_with_a_seed(kind: str) -> None:
    """The same result twice is the default."""
    assert "seed" in model_class(kind).settings({})


def test_a_bundle_loads_by_its_kind() -> None:
    """And answers its golden inputs."""
    bundle = make_bundle()
    golden = bundle.golden()
    np.testing.assert_array_equal(load_predictor(bundle).predict(golden.inputs), golden.outputs)


def test_an_unknown_kind_gets_the_closest() -> None:
    """Did you mean."""
    with pytest.raises(ModelError, match="did you mean 'lightgbm'"):
        model_class("lightgmb")
