"""LightGBM's C interface: what its Python package says, without that package."""

import ctypes
import subprocess
import sys
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from common.errors import BundleError, ModelError
from common.models import lightgbm_library
from common.models.lightgbm import FILE, LightGBMModel
from common.models.lightgbm_library import MEASURES, Booster, parameter_names
from tests.common.models.forests import made_up

ROOT = Path(__file__).parents[3]
TEXT = made_up(3, trees=7, leaves=20)


def test_scores_names_and_importance_are_the_packages() -> None:
    """To the bit; however the features lie in memory."""
    ours, theirs = Booster(TEXT), lightgbm.Booster(model_str=TEXT)
    values = np.random.default_rng(1).standard_normal((4, 50))
    expected = theirs.predict(values.T, num_threads=1)
    for matrix in (values, np.asfortranarray(values)):
        np.testing.assert_array_equal(ours.predict(matrix), expected)
    assert ours.predict(values[:, :0]).shape == (0,)
    assert ours.features() == theirs.feature_name()
    for measure in MEASURES:
        np.testing.assert_array_equal(ours.importance(measure), theirs.feature_importance(measure))


def test_a_name_may_be_long() -> None:
    """And hold letters of any alphabet."""
    names = ["f" * 5000, "日経", "f2", "f3"]
    text = TEXT.replace("feature_names=f0 f1 f2 f3", f"feature_names={' '.join(names)}")
    assert Booster(text).features() == names


def test_several_values_a_row_are_rows_of_values() -> None:
    """As the package gives them."""
    random = np.random.default_rng(2)
    data = lightgbm.Dataset(random.standard_normal((90, 4)), random.integers(0, 3, 90), params={"verbosity": -1})
    settings = {"objective": "multiclass", "num_class": 3, "verbosity": -1, "num_threads": 1}
    theirs = lightgbm.train(settings, data, 2)
    values = random.standard_normal((4, 11))
    found = Booster(theirs.model_to_string()).predict(values)
    assert found.shape == (11, 3)
    np.testing.assert_array_equal(found, theirs.predict(values.T))
    assert Booster(theirs.model_to_string()).predict(values[:, :0]).shape == (0, 3)


def test_parameters_are_the_packages() -> None:
    """By their first names."""
    assert parameter_names() == set(lightgbm.basic._ConfigAliases._get_all_param_aliases())


@pytest.mark.parametrize("text", ["", "nonsense", "tree\nversion=v4\n"])
def test_what_is_no_model_is_told_in_lightgbms_words(text: str) -> None:
    """As an error of ours."""
    with pytest.raises(ModelError, match="LightGBM: Model file"):
        Booster(text)


def test_a_library_that_does_not_load_names_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without OpenMP's runtime: an error of ours, and the bundle's."""

    def broken(_path: str) -> ctypes.CDLL:
        raise OSError("libgomp.so.1: cannot open shared object file")

    monkeypatch.setattr(ctypes, "CDLL", broken)
    lightgbm_library._library.cache_clear()
    with pytest.raises(ModelError, match="libgomp1"):
        Booster(TEXT)
    with pytest.raises(BundleError, match="libgomp1"):
        LightGBMModel.load({FILE: TEXT.encode()}, ["f0"])


def test_other_features_never_reach_the_library() -> None:
    """It would read outside the array."""
    with pytest.raises(ModelError, match="the model takes"):
        Booster(TEXT).predict(np.zeros((3, 5)))


def test_serving_imports_neither_the_package_nor_scikit_learn(tmp_path: Path) -> None:
    """A child that loads, proves and scores a model starts without them: seconds and memory."""
    model = tmp_path / "model.txt"
    model.write_text(TEXT)
    code = f"""
import sys
from pathlib import Path
import numpy as np
import services.inference_worker.executor.executor_child
from common.models.golden import Golden
from common.models.kinds import model_class
model = model_class("lightgbm").load({{"model.txt": Path({str(model)!r}).read_bytes()}}, ["f0", "f1", "f2", "f3"])
inputs = np.zeros((4, 3))
assert model.accelerate(Golden(inputs, model.predict(inputs))).scorer == "trees"
print([name for name in ("lightgbm", "sklearn", "pandas", "torch") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("[]\n", "")
