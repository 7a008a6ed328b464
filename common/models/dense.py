"""Features scaled, then layers of weights: what linear models and neural networks score by."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from common.errors import ModelError
from common.models import dense_kernels
from common.models.dense_compilation import call
from common.models.matrix import feature_matrix
from common.models.scaling import Scaling
from common.nearest import did_you_mean

Floats = NDArray[np.float64]
Layers = tuple[tuple[Floats, Floats], ...]
"""Weights [O, I] and biases [O] of each."""

ACTIVATIONS = ("identity", "relu", "tanh", "silu")
"""By the kernels' numbers; `activate` holds one branch for each."""


@dataclass(frozen=True, slots=True)
class Dense:
    """The activation stands after each layer but the last; a row's bits do not depend on the other rows."""

    scaling: Scaling
    layers: Layers
    activation: str
    numbers: Floats
    """All weights, unit after unit, then the biases, layer after layer."""
    widths: NDArray[np.int64]
    """Features, then units of each layer."""
    number: int
    """The activation's, as the kernel knows it."""

    @classmethod
    def of(cls, scaling: Scaling, layers: Layers, activation: str = ACTIVATIONS[0]) -> Self:
        """Put the numbers as the kernel takes them; ModelError for an activation that there is not."""
        if activation not in ACTIVATIONS:
            raise ModelError(f"there is no activation {activation!r}{did_you_mean(activation, ACTIVATIONS)}")
        numbers = [part.reshape(-1) for layer in layers for part in layer]
        widths = [scaling.mean.size, *(biases.size for _, biases in layers)]
        joined, number = np.concatenate(numbers, dtype=np.float64), ACTIVATIONS.index(activation)
        return cls(scaling, layers, activation, joined, np.array(widths, np.int64), number)

    def score(self, matrix: Floats) -> Floats:
        """Outputs f8[O, S] of features f8[F, S]; those that lie in memory one after the other are not copied."""
        scaling, values = self.scaling, feature_matrix(matrix, self.scaling.mean.size)
        out = np.empty((int(self.widths[-1]), values.shape[1]))
        known = (scaling.mean, scaling.factor, scaling.clip, self.numbers, self.widths, self.number)
        call(dense_kernels.score, values, *known, out)
        return out
