"""Whether a LightGBM model is scored by our trees is decided at load, by its bits, and told."""

import gc

import lightgbm
import numpy as np
import pytest

from common.errors import ModelError
from common.models.golden import Golden
from common.models.lightgbm import FILE, LightGBMModel
from common.models.lightgbm_library import Booster
from common.models.scoring import Scoring, accelerate
from common.models.trees import forest
from common.models.trees.costs import NARROW
from common.models.trees.kernels import TILE
from common.models.trees.scorer import TreeScorer
from common.models.trees.text import Floats
from tests.common.models.sample_bundle import NAMES, make_bundle, samples, small_model


def golden() -> Golden:
    """Inputs of the sample bundle, with their outputs."""
    return make_bundle().golden()


def other_model(**options: object) -> LightGBMModel:
    """Return a model with settings of LightGBM's that a pipeline's own training would not choose."""
    learn = samples(300)
    labels = np.digitize(learn.labels, [-0.5, 0.5])
    data = lightgbm.Dataset(learn.features.T, labels, feature_name=list(NAMES), params={"verbosity": -1, **options})
    booster = lightgbm.train({"verbosity": -1, "num_threads": 1, **options}, data, 3)
    return LightGBMModel.load({FILE: booster.model_to_string().encode()}, NAMES)


def test_an_accelerated_model_keeps_its_bits_and_its_files() -> None:
    """Only who scores is different."""
    model, features = small_model(), samples(500, seed=4).features
    expected, files = model.predict(features), model.save()
    assert accelerate(model, golden()) == Scoring("trees")
    np.testing.assert_array_equal(model.predict(features), expected)
    assert model.predict(features[:, :0]).shape == (0,)
    assert model.save() == files


def boosters() -> int:
    """How many models LightGBM holds in this process."""
    gc.collect()
    return sum(type(each) is Booster for each in gc.get_objects())


def test_what_lightgbm_held_is_given_back_once_our_trees_score() -> None:
    """It is read anew for those who ask what only LightGBM knows."""
    before, model = boosters(), small_model()
    assert boosters() == before + 1
    known = model.detail().measures
    accelerate(model, golden())
    assert boosters() == before
    again = model.detail().measures
    assert list(again) == list(known) == ["gain", "split"]
    for measure, values in known.items():
        np.testing.assert_array_equal(again[measure], values)


def test_a_wrong_bit_makes_lightgbm_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    """One row off by the last bit: an alarm, and LightGBM's own scores from then on."""
    model, features = small_model(), samples(50, seed=4).features
    expected, right = model.predict(features), TreeScorer.predict

    def wrong(self: TreeScorer, matrix: Floats) -> Floats:
        scores = right(self, matrix)
        scores[-1] = np.nextafter(scores[-1], np.inf)
        return scores

    monkeypatch.setattr(TreeScorer, "predict", wrong)
    scoring = accelerate(model, golden())
    assert (scoring.scorer, scoring.alarming) == ("lightgbm", True)
    assert "2 rows with other scores" in scoring.refusal
    np.testing.assert_array_equal(model.predict(features), expected)


@pytest.mark.parametrize(("way", "tile"), [("walk", None), ("rule_out", NARROW), ("rule_out", TILE)])
@pytest.mark.parametrize("rows", [8, 1000])
def test_every_way_to_score_is_proven(monkeypatch: pytest.MonkeyPatch, way: str, tile: int | None, rows: int) -> None:
    """Few rows go another way than many: each is compared on the golden and on the probing rows."""
    model, right = small_model(), getattr(TreeScorer, way)
    one = samples(1, seed=4).features
    expected = model.predict(one)

    def wrong(self: TreeScorer, values: Floats, *chosen: int) -> Floats:
        scores: Floats = right(self, values, *chosen)
        if values.shape[1] == rows and chosen == (() if tile is None else (tile,)):
            scores[-1] = np.nextafter(scores[-1], np.inf)
        return scores

    monkeypatch.setattr(TreeScorer, way, wrong)
    assert golden().inputs.shape[1] == 8
    assert accelerate(model, golden()) == Scoring(
        "lightgbm", "1 row with other scores than LightGBM's own", alarming=True
    )
    np.testing.assert_array_equal(model.predict(one), expected)


def test_a_scorer_that_breaks_makes_lightgbm_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it raises."""

    def broken(_self: TreeScorer, _matrix: Floats) -> Floats:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(TreeScorer, "predict", broken)
    assert accelerate(small_model(), golden()) == Scoring("lightgbm", "ZeroDivisionError: on purpose", alarming=True)


def test_a_library_that_breaks_in_the_proof_is_alarming(monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be compared is not proven, and not merely uncovered."""
    model = small_model()

    def broken(_self: Booster, _matrix: Floats) -> Floats:
        raise ModelError("LightGBM: on purpose")

    monkeypatch.setattr(Booster, "predict", broken)
    assert accelerate(model, Golden(np.zeros((3, 1)), np.zeros(1))) == Scoring(
        "lightgbm", "ModelError: LightGBM: on purpose", alarming=True
    )


@pytest.mark.parametrize(
    ("options", "told"),
    [({"objective": "multiclass", "num_class": 3}, "values a row"), ({"linear_tree": True}, "linear")],
)
def test_what_is_not_covered_is_served_by_lightgbm(options: dict[str, object], told: str) -> None:
    """Without alarm: it is as documented."""
    model = other_model(**options)
    expected = model.predict(golden().inputs)
    scoring = accelerate(model, golden())
    assert (scoring.scorer, scoring.alarming) == ("lightgbm", False)
    assert told in scoring.refusal
    np.testing.assert_array_equal(model.predict(golden().inputs), expected)


def test_whatever_an_own_kind_does_is_an_answer() -> None:
    """It raises, or gives what is no answer: its library serves, with an alarm."""

    class Raising:
        kind = "own"

        def accelerate(self, _golden: Golden) -> Scoring:
            raise KeyError("x")

    class Silent:
        kind = "own"

        def accelerate(self, _golden: Golden) -> None:
            """Say nothing."""

    for own, told in ((Raising(), "KeyError: 'x'"), (Silent(), "accelerate gave NoneType, not a Scoring")):
        assert accelerate(own, golden()) == Scoring("own", told, alarming=True)  # type: ignore[arg-type]


def test_a_forest_that_would_take_too_much_memory_is_served_by_lightgbm_without_alarm(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one that is not covered."""
    monkeypatch.setattr(forest, "ENTRIES_AT_MOST", 10)
    scoring = accelerate(small_model(), golden())
    assert (scoring.scorer, scoring.alarming) == ("lightgbm", False)
    assert "above 10 entries" in scoring.refusal


def test_a_model_without_a_faster_way_is_scored_by_its_library() -> None:
    """A kind need not know of acceleration."""

    class Plain:
        kind = "plain"

    assert accelerate(Plain(), golden()) == Scoring("plain")  # type: ignore[arg-type]
