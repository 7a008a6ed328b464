"""LightGBM, kept as its own text format; equal bits for any batch, memory order and number of threads."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Self

import lightgbm
import numpy as np
from numpy.typing import NDArray

from common.errors import BundleError, ModelError
from common.models.golden import Golden
from common.models.importance import Importance
from common.models.names import did_you_mean
from common.models.predictor import Progress, Samples
from common.models.scoring import Scoring
from common.models.trees.probes import count_differing, probe_rows
from common.models.trees.scorer import TreeScorer

FILE = "model.txt"

TREES = "trees"
"""Who scores an accelerated model."""

_PROBE_SEED = 1

_DEFAULTS: Mapping[str, Any] = {
    "objective": "regression",
    "metric": "l2",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "rounds": 200,
    "patience": 30,
    "seed": 7,
    # One: threads that wait for a busy core cost more than they bring; and the model's text records the number.
    "num_threads": 1,
}

# Histograms by rows and the flag together make the result independent of timing and of the number of threads.
_FIXED: Mapping[str, Any] = {"deterministic": True, "force_row_wise": True, "verbosity": -1}


class LightGBMModel:
    """Gradient-boosted trees; a missing feature is NaN."""

    kind: ClassVar[str] = "lightgbm"
    libraries: ClassVar[tuple[str, ...]] = ("lightgbm",)
    golden_tolerance: ClassVar[float] = 0.0

    def __init__(self, booster: lightgbm.Booster, text: str, features: Sequence[str]) -> None:
        self._booster = booster
        self._text = text
        self._features = tuple(features)
        self._trees: TreeScorer | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """Feature names in the order of the matrix."""
        return self._features

    @classmethod
    def settings(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters of a fit; all but `rounds` and `patience` are LightGBM's own, which ignores a misspelt one."""
        known = {*_DEFAULTS, *lightgbm.basic._ConfigAliases._get_all_param_aliases()}  # noqa: SLF001  no public list
        for name in parameters:
            if name not in known:
                raise ModelError(f"LightGBM has no parameter {name!r}{did_you_mean(name, known)}")
        return {**_DEFAULTS, **parameters}

    @classmethod
    def fit(
        cls,
        train: Samples,
        validation: Samples,
        features: Sequence[str],
        parameters: Mapping[str, Any],
        progress: Progress,
    ) -> Self:
        """Boost until `patience` rounds bring nothing on the validation rows, and keep the best round."""
        settings = {**cls.settings(parameters), **_FIXED}
        rounds, patience = int(settings.pop("rounds")), int(settings.pop("patience"))
        learn = _dataset(train, features, settings)
        callbacks: list[Callable[..., Any]] = [lightgbm.early_stopping(patience, verbose=False), _reporting(progress)]
        try:
            booster = lightgbm.train(
                settings,
                learn,
                rounds,
                valid_sets=[_dataset(validation, features, settings, learn)],
                callbacks=callbacks,
            )
        except lightgbm.basic.LightGBMError as error:
            raise ModelError(f"LightGBM cannot fit with these parameters: {error}") from error
        return cls._from_text(booster.model_to_string(num_iteration=booster.best_iteration), features)

    def predict(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score f8[F, S] into f8[S]; the transposed view is read as column-major, nothing is copied."""
        if self._trees is not None:
            return self._trees.predict(matrix)
        return self._ask_lightgbm(matrix)

    def accelerate(self, golden: Golden) -> Scoring:
        """Score by our own trees from now on, unless they miss a bit of LightGBM's on the golden or on probing rows."""
        try:
            trees = TreeScorer.read(self._text)
            probes = probe_rows(trees.planes, trees.features, np.random.default_rng(_PROBE_SEED))
            wrong = sum(count_differing(trees.predict, self._ask_lightgbm, rows) for rows in (golden.inputs, probes))
        except ModelError as error:
            return Scoring(self.kind, str(error))
        except Exception as error:  # noqa: BLE001  whatever it is, LightGBM serves
            return Scoring(self.kind, f"{type(error).__name__}: {error}", alarming=True)
        if wrong:
            return Scoring(self.kind, f"{wrong} rows differ from LightGBM's own scores", alarming=True)
        self._trees = trees
        return Scoring(TREES)

    def _ask_lightgbm(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        if matrix.shape[1] == 0:
            return np.empty(0)
        scores = self._booster.predict(matrix.T, num_threads=1)
        return np.asarray(scores, dtype=np.float64)

    def detail(self) -> Importance:
        """How much the splits by a feature lowered the loss, and how many there are."""
        kinds = ("gain", "split")
        return Importance(
            self._features,
            {kind: np.asarray(self._booster.feature_importance(kind), np.float64) for kind in kinds},
        )

    def save(self) -> dict[str, bytes]:
        """LightGBM's text."""
        return {FILE: self._text.encode()}

    @classmethod
    def load(cls, files: Mapping[str, bytes], features: Sequence[str]) -> Self:
        """Read a text whose features are exactly these, in this order."""
        try:
            return cls._from_text(files[FILE].decode(), features)
        except (KeyError, UnicodeDecodeError, lightgbm.basic.LightGBMError) as error:
            raise BundleError(f"{FILE} is not a LightGBM model: {error}") from error

    @classmethod
    def _from_text(cls, text: str, features: Sequence[str]) -> Self:
        booster = lightgbm.Booster(model_str=text)
        if booster.feature_name() != list(features):
            raise BundleError(f"{FILE} has features {booster.feature_name()[:5]}, expected {list(features)[:5]} ...")
        return cls(booster, text, features)


def _dataset(
    samples: Samples, features: Sequence[str], settings: Mapping[str, Any], reference: lightgbm.Dataset | None = None
) -> lightgbm.Dataset:
    return lightgbm.Dataset(
        samples.features.T,
        samples.labels,
        feature_name=list(features),
        reference=reference,
        params=dict(settings),
    )


def _reporting(progress: Progress) -> Callable[[Any], None]:
    def report(state: Any) -> None:
        progress(state.iteration + 1, state.end_iteration)

    return report
