"""Kinds of model as a user might write them: one that keeps the contract, one that does not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from common.models.golden import decode_array, encode_array
from common.models.importance import Importance
from common.models.predictor import Progress, Samples
from common.models.scaling import Floats

NAME = "mean"


@dataclass(frozen=True, slots=True)
class MeanModel:
    """The mean label, whatever the features."""

    features: tuple[str, ...]
    mean: float

    kind: ClassVar[str] = NAME
    libraries: ClassVar[tuple[str, ...]] = ()
    golden_tolerance: ClassVar[float] = 0.0

    @classmethod
    def settings(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """None."""
        return dict(parameters)

    @classmethod
    def fit(
        cls,
        train: Samples,
        validation: Samples,
        features: Sequence[str],
        parameters: Mapping[str, Any],
        progress: Progress,
    ) -> Self:
        """Take the mean."""
        del validation, parameters
        progress(1, 1)
        return cls(tuple(features), float(train.labels.mean()))

    def predict(self, matrix: Floats) -> Floats:
        """The same for each."""
        return np.full(matrix.shape[1], self.mean)

    def detail(self) -> Importance:
        """No feature matters."""
        return Importance(self.features, {"none": np.zeros(len(self.features))})

    def save(self) -> dict[str, bytes]:
        """One number."""
        return {"mean.npy": encode_array(np.array([self.mean]))}

    @classmethod
    def load(cls, files: Mapping[str, bytes], features: Sequence[str]) -> Self:
        """Read it."""
        return cls(tuple(features), float(decode_array("mean.npy", files["mean.npy"], 1)[0]))


class EmptyModel:
    """Lacks nearly everything."""

    kind = "empty"

    def predict(self) -> None:
        """Takes no matrix."""
