"""What every feature goes through before weights meet it: centred, scaled, clipped, and 0 where it is missing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from common.errors import BundleError
from common.models import dense_kernels
from common.models.dense_compilation import call
from common.models.matrix import feature_matrix

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scaling:
    """Mean and 1 / standard deviation f8[F] of the training rows; a feature that never changed has factor 0."""

    mean: Floats
    factor: Floats
    clip: float

    @classmethod
    def fit(cls, features: Floats, clip: float) -> Self:
        """Measure f8[F, N] by its finite values."""
        finite = np.isfinite(features)
        count = np.maximum(finite.sum(axis=1), 1)
        with np.errstate(all="ignore"):
            mean = np.where(finite, features, 0.0).sum(axis=1) / count
            centred = np.where(finite, features - mean[:, None], 0.0)
            spread = np.sqrt((centred * centred).sum(axis=1) / count)
        # Below this the spread is rounding noise of the mean, not the feature's; beyond all numbers it says nothing.
        real = np.isfinite(spread) & (spread > 1e-12 * np.abs(mean)) & (spread > np.finfo(np.float64).tiny)
        return cls(np.where(real, mean, 0.0), np.where(real, 1.0 / np.where(real, spread, 1.0), 0.0), clip)

    @classmethod
    def of(cls, arrays: Mapping[str, Floats]) -> Self:
        """From the arrays of a model's file: mean, factor, clip f8[1]; BundleError for a clip that is not above 0."""
        clip = float(arrays["clip"][0])
        if not clip > 0.0:
            raise BundleError(f"clip is {clip}, expected a number above 0")
        return cls(arrays["mean"], arrays["factor"], clip)

    def apply(self, features: Floats) -> Floats:
        """Scale f8[F, S], element by element: no value depends on another. Missing means nothing to say: the mean."""
        values = feature_matrix(features, self.mean.size)
        out = np.empty_like(values)
        call(dense_kernels.scale, values, self.mean, self.factor, self.clip, out)
        return out
