"""What features and predictions looked like in training: what drift is measured against, and a gate's range."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from common.errors import BundleError
from common.models.bundle import Bundle
from common.models.golden import decode_array, encode_array

FILE = "reference.npy"

QUANTILES = (0.0, 0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
COLUMNS = ("rows", "missing", "mean", "std", *(f"q{100 * share:g}" for share in QUANTILES))

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Reference:
    """Statistics by `columns`: of each feature f8[F, K], and of the prediction f8[K]; NaN where nothing was finite.

    `missing` is a share of `rows`; mean, standard deviation and quantiles (q0 least, q100 greatest) are of the rest.
    """

    columns: tuple[str, ...]
    features: Floats
    prediction: Floats

    def of_prediction(self, column: str) -> float:
        """One number of the prediction, such as `q0` or `q100`."""
        return float(self.prediction[self.columns.index(column)])


def measure(features: Floats, prediction: Floats) -> Reference:
    """Measure f8[F, N] and f8[N] of the training rows."""
    return Reference(COLUMNS, np.array([_described(row) for row in features]), _described(prediction))


def encode_reference(reference: Reference) -> tuple[dict[str, JsonValue], dict[str, bytes]]:
    """Return the manifest's words and the file: one row a feature, and one for the prediction."""
    table = np.concatenate([reference.features, reference.prediction[None, :]])
    return {"file": FILE, "columns": list(reference.columns)}, {FILE: encode_array(table)}


def read_reference(bundle: Bundle) -> Reference | None:
    """Return a bundle's reference, None if it was made without; BundleError if it does not fit the features."""
    said: Mapping[str, object] = bundle.manifest.reference
    if not said:
        return None
    columns = said.get("columns")
    if not isinstance(columns, list) or not all(isinstance(name, str) for name in columns):
        raise BundleError(f"bundle {bundle.digest[:12]}: reference names no columns")
    name = str(said.get("file"))
    table = decode_array(name, bundle.file(name), 2)
    if table.shape != (len(bundle.manifest.features) + 1, len(columns)):
        raise BundleError(f"bundle {bundle.digest[:12]}: {name} has shape {list(table.shape)}, which does not fit")
    return Reference(tuple(columns), table[:-1], table[-1])


def _described(values: Floats) -> Floats:
    finite = values[np.isfinite(values)]
    missing = 1.0 - finite.size / values.size if values.size else np.nan
    if not finite.size:
        return np.array([values.size, missing, *[np.nan] * (len(COLUMNS) - 2)])
    with np.errstate(over="ignore"):
        figures = [finite.mean(), finite.std(), *np.quantile(finite, QUANTILES)]
    return np.array([values.size, missing, *figures])
