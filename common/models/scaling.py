"""What every feature goes through before weights meet it: centred, scaled, clipped, and 0 where it is missing."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

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

    def apply(self, features: Floats) -> Floats:
        """Scale f8[F, S], element by element: no value depends on another."""
        with np.errstate(all="ignore"):
            scaled = features - self.mean[:, None]
            scaled *= self.factor[:, None]
        np.clip(scaled, -self.clip, self.clip, out=scaled)
        # Missing means nothing to say, which is the average.
        scaled[np.isnan(scaled)] = 0.0
        return scaled
