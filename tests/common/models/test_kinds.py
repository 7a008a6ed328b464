"""Every kind of model keeps the contract; a new one is tested by being in the table."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from common.errors import BundleError, ModelError
from common.models.contract import check_contract
from common.models.golden import encode_array
from common.models.kinds import KINDS, encode_kinds, load_predictor, model_class, own_kinds, read_entries
from common.models.proof import prove
from tests.common.models.sample_bundle import NAMES, QUICK, bundle_of, fitted, make_bundle, samples

EVERY_KIND = pytest.mark.parametrize("kind", sorted(KINDS))
OWN = "tests.common.models.own_kind"

# What a kind may import only to fit.
FITTING = ("torch", "sklearn")


def test_every_kind_has_a_quick_fit_for_tests() -> None:
    """A new kind stands in the table of the tests, too."""
    assert QUICK.keys() == KINDS.keys()


@EVERY_KIND
def test_it_keeps_the_contract(kind: str) -> None:
    """By the same check that a user's own kind must pass."""
    assert check_contract(kind, model_class(kind)).kind == kind


@EVERY_KIND
def test_it_fits_with_its_defaults(kind: str) -> None:
    """Over features that are partly missing; the labels it was taught, it orders better than chance."""
    model = model_class(kind).fit(samples(900), samples(300, seed=2), NAMES, {}, lambda _done, _most: None)
    unseen = samples(300, seed=3)
    scores = model.predict(unseen.features)
    assert scores.shape == (300,)
    assert scores.dtype == np.dtype("<f8")
    assert np.corrcoef(scores, unseen.labels)[0, 1] > 0.3
    assert model.features == NAMES


@EVERY_KIND
def test_equal_arguments_give_equal_files(kind: str) -> None:
    """To the byte, and whatever random numbers were drawn meanwhile."""
    first = fitted(kind).save()
    np.random.default_rng().random(100)
    assert fitted(kind).save() == first


@EVERY_KIND
def test_it_loads_as_it_was_saved(kind: str) -> None:
    """The same bits, the same detail, the same files again."""
    model = fitted(kind)
    loaded = model_class(kind).load(model.save(), NAMES)
    features = samples(200, seed=3).features
    np.testing.assert_array_equal(loaded.predict(features), model.predict(features))
    assert list(loaded.detail().table()) == list(model.detail().table())
    assert loaded.save() == model.save()


@EVERY_KIND
def test_a_score_depends_on_its_own_row_only(kind: str) -> None:
    """One by one, in parts, backwards, in any memory order: equal to the bit."""
    model = fitted(kind)
    features = samples(700, seed=9).features
    whole = model.predict(features)
    np.testing.assert_array_equal([model.predict(features[:, [row]])[0] for row in range(700)], whole)
    np.testing.assert_array_equal(model.predict(np.asfortranarray(features)), whole)
    np.testing.assert_array_equal(model.predict(features[:, ::-1])[::-1], whole)
    np.testing.assert_array_equal(model.predict(features[:, ::3]), whole[::3])
    np.testing.assert_array_equal(model.predict(features[:, 10:20]), whole[10:20])


@EVERY_KIND
def test_an_empty_section_has_no_scores(kind: str) -> None:
    """Zero symbols in, zero scores out."""
    assert fitted(kind).predict(np.empty((len(NAMES), 0))).shape == (0,)


@EVERY_KIND
def test_whatever_a_feature_is_the_score_is_a_number(kind: str) -> None:
    """Missing, endless, huge, denormal: finite answers, and the matrix is left as it was."""
    special = [np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 0.0, -0.0]
    features = np.array([special, special[::-1], [np.nan] * 8])
    before = features.tobytes()
    assert np.isfinite(fitted(kind).predict(features)).all()
    assert features.tobytes() == before


@EVERY_KIND
@pytest.mark.parametrize("features", [("beta", "alpha", "gamma"), ("alpha", "beta"), ("alpha", "beta", "delta")])
def test_other_features_are_refused(kind: str, features: tuple[str, ...]) -> None:
    """Reordered, missing or renamed."""
    with pytest.raises(BundleError, match="feature"):
        model_class(kind).load(fitted(kind).save(), features)


@EVERY_KIND
def test_what_is_no_model_is_refused(kind: str) -> None:
    """Each of its files missing, empty, cut, or a pickle: an error that names it."""
    files = fitted(kind).save()
    for name, body in files.items():
        others = {other: content for other, content in files.items() if other != name}
        for wrong in (None, b"", body[:20], b"\x80\x04\x95pickle", b"\xff" * 64):
            with pytest.raises(BundleError, match=name):
                model_class(kind).load(others if wrong is None else {**others, name: wrong}, NAMES)


@EVERY_KIND
def test_a_misspelt_parameter_is_refused(kind: str) -> None:
    """With the closest one; every known one comes back, as plain values."""
    known = model_class(kind).settings({})
    name = max(known)
    with pytest.raises(ModelError, match=f"did you mean '{name}'"):
        model_class(kind).settings({f"{name}x": 1})
    assert model_class(kind).settings(known) == known


@EVERY_KIND
def test_its_detail_speaks_of_every_feature(kind: str) -> None:
    """By finite numbers; the feature that explains most stands first by each measure but counts of splits."""
    detail = fitted(kind).detail()
    assert detail.features == NAMES
    assert all(np.isfinite(values).all() for values in detail.measures.values())
    assert next(detail.table())[0] == "alpha"


@EVERY_KIND
def test_progress_ends_at_or_before_the_most(kind: str) -> None:
    """Steps count from 1, and never beyond the total."""
    steps: list[tuple[int, int]] = []
    parameters = QUICK[kind]
    model_class(kind).fit(
        samples(300), samples(100, seed=2), NAMES, parameters, lambda done, most: steps.append((done, most))
    )
    assert [done for done, _ in steps] == list(range(1, len(steps) + 1))
    assert steps[-1][0] <= steps[-1][1]


@EVERY_KIND
def test_a_bundle_of_it_answers_as_it_did(kind: str) -> None:
    """On the platform it was made on, to the bit; a wrong answer is told."""
    bundle = bundle_of(kind)
    assert prove(bundle).features == NAMES
    outputs = bundle.golden().outputs.copy()
    outputs[0] = np.nextafter(outputs[0], np.inf)
    changed = replace(bundle, files={**bundle.files, "golden_outputs.npy": encode_array(outputs)})
    with pytest.raises(BundleError, match="1 of 8 golden outputs differ"):
        prove(changed)
    # Elsewhere the tolerance that the kind states holds.
    elsewhere = replace(changed, manifest=replace(changed.manifest, platform={}))
    if bundle.manifest.golden.tolerance:
        assert prove(elsewhere).features == NAMES
    else:
        with pytest.raises(BundleError, match="golden"):
            prove(elsewhere)


@EVERY_KIND
def test_serving_it_needs_no_library_that_fits(kind: str) -> None:
    """A fresh interpreter without torch and scikit-learn loads it and scores; fitting says what to install."""
    if model_class(kind).libraries[0] == kind:
        return
    files = {name: body.hex() for name, body in fitted(kind).save().items()}
    code = f"""
import sys
sys.modules.update(dict.fromkeys({FITTING}))
import numpy as np
from common.errors import ModelError
from common.models.kinds import model_class
from tests.common.models.sample_bundle import NAMES, fitted, samples
model = model_class({kind!r}).load({{name: bytes.fromhex(body) for name, body in {files}.items()}}, NAMES)
assert np.isfinite(model.predict(samples(9).features)).all()
try:
    fitted({kind!r})
except ModelError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "install it with: pip install -r requirements/" in done.stdout


def test_a_bundle_loads_by_its_kind() -> None:
    """And answers its golden inputs."""
    bundle = make_bundle()
    golden = bundle.golden()
    np.testing.assert_array_equal(load_predictor(bundle).predict(golden.inputs), golden.outputs)


def test_an_unknown_kind_gets_the_closest() -> None:
    """Did you mean."""
    with pytest.raises(ModelError, match="did you mean 'lightgbm'"):
        model_class("lightgmb")


def test_a_users_own_kind_is_a_class_that_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Named by whoever runs the pipeline, in the environment of a child process; a bundle says only its name."""
    entries = read_entries([f"mean={OWN}:MeanModel"])
    model = model_class("mean", own_kinds(entries)).fit(samples(9), samples(9), NAMES, {}, lambda _done, _most: None)
    bundle = make_bundle("own", model, kind="mean")
    with pytest.raises(ModelError, match="no model kind 'mean'"):
        load_predictor(bundle)
    for name, value in encode_kinds(entries).items():
        monkeypatch.setenv(name, value)
    assert prove(bundle).features == NAMES


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (f"lightgbm={OWN}:MeanModel", "built in"),
        (f"Mean={OWN}:MeanModel", "not allowed"),
        (f"mean={OWN}", "not module:Class"),
        ("mean=os;system:x", "not module:Class"),
        ("mean", "expected one name=module:Class"),
        ("=a:B", "not allowed"),
        ("mean=no.such.module:Mean", "No module named 'no'"),
        (f"mean={OWN}:Meen", "Meen"),
        (f"mean={OWN}:NAME", "not a class"),
        (f"other={OWN}:MeanModel", "says kind = 'mean', expected 'other'"),
        (f"empty={OWN}:EmptyModel", "has no detail(self)"),
        (f"empty={OWN}:EmptyModel", "has predict(self), expected predict(self, matrix)"),
        (f"empty={OWN}:EmptyModel", "needs libraries"),
        (f"empty={OWN}:EmptyModel", "needs golden_tolerance"),
        (f"empty={OWN}:EmptyModel", "needs features"),
    ],
)
def test_what_cannot_be_a_kind_is_refused(text: str, told: str) -> None:
    """With everything that is wrong."""
    with pytest.raises(ModelError) as refused:
        model_class(text.partition("=")[0], own_kinds(read_entries([text])))
    assert told in str(refused.value)


def test_an_own_kind_stands_once() -> None:
    """Two classes for one name are a mistake."""
    with pytest.raises(ModelError, match="one name=module:Class a kind"):
        read_entries([f"mean={OWN}:MeanModel", f"mean={OWN}:EmptyModel"])
