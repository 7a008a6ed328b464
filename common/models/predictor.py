"""The contract every kind of model keeps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from common.models.importance import Importance

# Called with steps done and steps at most.
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Samples:
    """Rows to learn from: features f8[F, N], feature-major, and their labels f8[N]."""

    features: NDArray[np.float64]
    labels: NDArray[np.float64]


class Predictor(Protocol):
    """A fitted model. Its files hold plain numbers or text, never anything that could run."""

    kind: ClassVar[str]
    libraries: ClassVar[tuple[str, ...]]
    golden_tolerance: ClassVar[float]

    @property
    def features(self) -> tuple[str, ...]:
        """Feature names in the order of the matrix."""
        ...

    @classmethod
    def fit(
        cls,
        train: Samples,
        validation: Samples,
        features: Sequence[str],
        parameters: Mapping[str, Any],
        progress: Progress,
    ) -> Self:
        """Learn; `validation` decides when to stop. Equal arguments give a model with equal files."""
        ...

    def predict(self, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
        """Score f8[F, S], feature-major, into f8[S]; a row's score does not depend on the other rows."""
        ...

    def detail(self) -> Importance:
        """How much each feature matters, by one or more measures."""
        ...

    def save(self) -> dict[str, bytes]:
        """Files of the bundle, by name."""
        ...

    @classmethod
    def load(cls, files: Mapping[str, bytes], features: Sequence[str]) -> Self:
        """Read what `save` gave; BundleError if it is not a model over these features."""
        ...

    @classmethod
    def settings(cls, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters of a fit, defaults filled in; ModelError with the closest name for an unknown one."""
        ...
