"""A kind of model for drills: a weighted sum, or one that passes every check at rest and fails at work."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self, get_args

import numpy as np
from numpy.typing import NDArray

from common.errors import BundleError, ModelError
from common.models.golden import decode_array, encode_array
from common.models.importance import Importance
from common.models.predictor import Progress, Samples

Floats = NDArray[np.float64]
Mood = Literal["fine", "nan", "hang", "exit"]

KIND = "moody"
ENTRY = f"{KIND}=scripts.drill.moody:Moody"
GOLDEN_ROWS = 3
"""A matrix of so many rows is a proof and no section: there, every mood behaves."""

WEIGHTS, MOOD = "weights.npy", "mood.txt"


@dataclass(frozen=True, slots=True)
class Moody:
    """Weights f8[F] and a mood."""

    features: tuple[str, ...]
    weights: Floats
    mood: Mood = "fine"

    kind: ClassVar[str] = KIND
    libraries: ClassVar[tuple[str, ...]] = ()
    golden_tolerance: ClassVar[float] = 0.0

    @classmethod
    def made(cls, features: Sequence[str], mood: Mood, seed: int) -> Self:
        """One with weights from a seed."""
        return cls(tuple(features), np.random.default_rng(seed).standard_normal(len(features)), mood)

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
        """Nothing is learnt; ModelError."""
        del train, validation, features, parameters, progress
        raise ModelError("a moody model is made, not fitted")

    def predict(self, matrix: Floats) -> Floats:
        """The weighted sum in the order of the features, a missing one counts nothing; or as the mood is."""
        if matrix.shape[1] != GOLDEN_ROWS:
            self._act_up()
        total = np.zeros(matrix.shape[1])
        for weight, column in zip(self.weights, matrix, strict=True):
            total += weight * np.nan_to_num(column)
        return np.full_like(total, np.nan) if self.mood == "nan" and len(total) != GOLDEN_ROWS else total

    def detail(self) -> Importance:
        """The weights."""
        return Importance(self.features, {"weight": np.abs(self.weights)})

    def save(self) -> dict[str, bytes]:
        """Weights and mood."""
        return {WEIGHTS: encode_array(self.weights), MOOD: self.mood.encode("ascii")}

    @classmethod
    def load(cls, files: Mapping[str, bytes], features: Sequence[str]) -> Self:
        """Read them; BundleError for a mood there is not."""
        mood = files[MOOD].decode("ascii", "replace")
        if mood not in get_args(Mood):
            raise BundleError(f"{MOOD} says {mood!r:.40}; there is {', '.join(get_args(Mood))}")
        return cls(tuple(features), decode_array(WEIGHTS, files[WEIGHTS], 1), mood)  # type: ignore[arg-type]

    def _act_up(self) -> None:
        while self.mood == "hang":
            signal.pause()
        if self.mood == "exit":
            os._exit(3)
