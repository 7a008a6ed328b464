"""LightGBM, kept as its own text format; equal bits for any batch, memory order and number of threads."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from common.amounts import amount
from common.errors import BundleError, ModelError
from common.models.golden import Golden
from common.models.importance import Importance
from common.models.lightgbm_library import MEASURES, Booster
from common.models.lightgbm_training import fit_settings, train_text
from common.models.predictor import Progress, Samples
from common.models.scoring import Scoring
from common.models.trees.probes import count_differing, probe_rows
from common.models.trees.scorer import TreeScorer

FILE = "model.txt"

TREES = "trees"
"""Who scores an accelerated model."""

_PROBE_SEED = 1


class LightGBMModel:
    """Gradient-boosted trees; a missing feature is NaN."""

    kind: ClassVar[str] = "lightgbm"
    libraries: ClassVar[tuple[str, ...]] = ("lightgbm",)
    golden_tolerance: ClassVar[float] = 0.0

    def __init__(self, text: str) -> None:
        """Have LightGBM read its text; ModelError if it cannot."""
        self._booster: Booster | None = Booster(text)
        self._text = text
        self._features = tuple(self._booster.features())
        self._trees: TreeScorer | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """Feature names in the order of the matrix."""
        return self._features

    @classmethod
    def settings(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters of a fit; ModelError with the closest name for an unknown one."""
        return fit_settings(parameters)

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
        return cls.load({FILE: train_text(train, validation, features, parameters, progress).encode()}, features)

    def predict(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score f8[F, S] into f8[S]; neither our trees nor LightGBM copies the features."""
        return self._library().predict(matrix) if self._trees is None else self._trees.predict(matrix)

    def accelerate(self, golden: Golden) -> Scoring:
        """Score by our own trees from now on, unless they miss a bit of LightGBM's on the golden or on probing rows.

        What LightGBM holds of the model is then given back.
        """
        try:
            trees = TreeScorer.read(self._text)
        except ModelError as error:
            return Scoring(self.kind, str(error))
        probes = probe_rows(trees.planes, trees.features, np.random.default_rng(_PROBE_SEED))
        theirs = self._library().predict
        wrong = sum(count_differing(trees.each_way(rows), theirs(rows)) for rows in (golden.inputs, probes))
        if wrong:
            return Scoring(self.kind, f"{amount(wrong, 'row')} with other scores than LightGBM's own", alarming=True)
        self._trees, self._booster = trees, None
        return Scoring(TREES)

    def _library(self) -> Booster:
        """LightGBM with this model, read anew where it was given back."""
        if self._booster is None:
            self._booster = Booster(self._text)
        return self._booster

    def detail(self) -> Importance:
        """How much the splits by a feature lowered the loss, and how many there are."""
        booster = self._library()
        return Importance(self._features, {measure: booster.importance(measure) for measure in MEASURES})

    def save(self) -> dict[str, bytes]:
        """LightGBM's text."""
        return {FILE: self._text.encode()}

    @classmethod
    def load(cls, files: Mapping[str, bytes], features: Sequence[str]) -> Self:
        """Read a text whose features are exactly these, in this order."""
        try:
            model = cls(files[FILE].decode())
        except (KeyError, UnicodeDecodeError, ModelError) as error:
            raise BundleError(f"{FILE} does not load as a LightGBM model: {error}") from error
        if model.features != tuple(features):
            raise BundleError(f"{FILE} has features {model.features[:5]}, expected {tuple(features[:5])} ...")
        return model
