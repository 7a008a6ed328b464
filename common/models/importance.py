"""Which features a model leans on, by one or more measures."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import ModelError
from common.nearest import did_you_mean

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Importance:
    """A number f8[F] per feature by each measure; the first measure is the one to sort by."""

    features: tuple[str, ...]
    measures: Mapping[str, Floats]

    def __post_init__(self) -> None:
        wrong = [name for name, values in self.measures.items() if values.shape != (len(self.features),)]
        if wrong or not self.measures:
            raise ModelError(f"importance {', '.join(wrong) or 'without measure'}: one number a feature is needed")

    def measure(self, name: str | None = None) -> str:
        """Return the name of a measure, the first for None; ModelError with the closest one if there is none."""
        chosen = next(iter(self.measures)) if name is None else name
        if chosen not in self.measures:
            raise ModelError(f"there is no measure {chosen!r}{did_you_mean(chosen, self.measures)}")
        return chosen

    def table(self, by: str | None = None) -> Iterator[tuple[str, dict[str, float]]]:
        """Features with all their numbers, the largest in size first; equal ones in the order of the matrix."""
        for place in np.argsort(-np.abs(self.measures[self.measure(by)]), kind="stable"):
            yield self.features[place], {name: float(values[place]) for name, values in self.measures.items()}


def permutation_importance(
    predict: Callable[[Floats], Floats], features: Floats, labels: Floats, random: np.random.Generator
) -> Floats:
    """Increase of the mean squared error when one feature's values are shuffled among rows: f8[F] from f8[F, N]."""
    whole = np.mean((predict(features) - labels) ** 2)
    shuffled = features.copy()
    order = random.permutation(features.shape[1])
    found = np.empty(features.shape[0])
    for place in range(features.shape[0]):
        shuffled[place] = features[place, order]
        found[place] = np.mean((predict(shuffled) - labels) ** 2) - whole
        shuffled[place] = features[place]
    return found
