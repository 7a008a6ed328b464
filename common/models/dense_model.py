"""What kinds that score by layers over scaled features have in common."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from common.models.dense import Dense
from common.models.parameters import Parameters, read_parameters

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class DenseModel:
    """Feature names in the order of the matrix, and the layers with one output."""

    features: tuple[str, ...]
    network: Dense

    kind: ClassVar[str]
    parameters: ClassVar[type[Parameters]]

    @classmethod
    def settings(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters of a fit, as JSON writes them."""
        return read_parameters(cls.parameters, cls.kind, parameters).model_dump(mode="json")

    def predict(self, matrix: Floats) -> Floats:
        """Score f8[F, S] into f8[S]; a missing feature counts as its mean."""
        scores: Floats = self.network.score(matrix)[0]
        return scores
