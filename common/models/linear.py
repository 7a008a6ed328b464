"""Ridge, lasso, elastic net: fitted by scikit-learn, scored by our own sum in the order of the features."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from common.errors import ModelError
from common.models.arrays import decode_arrays, encode_arrays
from common.models.dense import Dense
from common.models.dense_model import DenseModel
from common.models.feature_names import check_features, encode_features, file_of
from common.models.importance import Importance
from common.models.libraries import library
from common.models.parameters import Parameters, read_parameters
from common.models.predictor import Progress, Samples
from common.models.scaling import Scaling

FILE = "linear.npz"

Floats = NDArray[np.float64]
Weight = Annotated[float, Field(gt=0.0)]


class LinearParameters(Parameters):
    """The loss is (1 / 2n) |y - Xw|² + alpha (l1_ratio |w|₁ + (1 - l1_ratio) / 2 |w|²), whatever the penalty."""

    penalty: Literal["ridge", "lasso", "elastic_net"] = "ridge"
    alpha: Weight | tuple[Weight, ...] = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
    """Of several the one with the least squared error on the validation rows; of equal ones the greatest."""
    l1_ratio: float = Field(default=0.5, gt=0.0, lt=1.0)
    """Of the elastic net."""
    clip: float = Field(default=10.0, gt=0.0)
    """Standard deviations beyond which a feature counts no further."""
    iterations: int = Field(default=10_000, ge=1)
    tolerance: float = Field(default=1e-6, gt=0.0)

    @field_validator("alpha")
    @classmethod
    def _some(cls, alpha: float | tuple[float, ...]) -> float | tuple[float, ...]:
        if alpha == ():
            raise ValueError("at least one number")
        return alpha

    @property
    def alphas(self) -> tuple[float, ...]:
        """From the greatest to the least."""
        return tuple(sorted(self.alpha if isinstance(self.alpha, tuple) else (self.alpha,), reverse=True))


@dataclass(frozen=True, slots=True)
class LinearModel(DenseModel):
    """One layer of one unit: an intercept and a coefficient per scaled feature; equal bits for any batch."""

    kind: ClassVar[str] = "linear"
    libraries: ClassVar[tuple[str, ...]] = ("scikit-learn", "scipy")
    golden_tolerance: ClassVar[float] = 0.0
    parameters: ClassVar[type[Parameters]] = LinearParameters

    @property
    def coefficients(self) -> Floats:
        """Per standard deviation of each feature."""
        weights, _ = self.network.layers[0]
        return weights.reshape(-1)

    @classmethod
    def fit(
        cls,
        train: Samples,
        validation: Samples,
        features: Sequence[str],
        parameters: Mapping[str, Any],
        progress: Progress,
    ) -> Self:
        """Fit once for each alpha, and keep the one that does best on the validation rows."""
        chosen = read_parameters(LinearParameters, cls.kind, parameters)
        scaling = Scaling.fit(train.features, chosen.clip)
        scaled = np.ascontiguousarray(scaling.apply(train.features).T)
        best, least = None, np.inf
        for done, alpha in enumerate(chosen.alphas, 1):
            coefficients, intercept = _fitted(scaled, train.labels, alpha, chosen)
            model = cls(tuple(features), _network(scaling, coefficients, intercept))
            error = float(np.mean((model.predict(validation.features) - validation.labels) ** 2))
            if best is None or error < least:
                best, least = model, error
            progress(done, len(chosen.alphas))
        assert best is not None  # noqa: S101  at least one alpha
        return best

    def detail(self) -> Importance:
        """Coefficients, per standard deviation and per unit of the feature."""
        return Importance(
            self.features,
            {"coefficient": self.coefficients, "coefficient_per_unit": self.coefficients * self.network.scaling.factor},
        )

    def save(self) -> dict[str, bytes]:
        """Numbers as `.npz`, names as JSON."""
        scaling, (_, intercept) = self.network.scaling, self.network.layers[0]
        arrays = {"mean": scaling.mean, "factor": scaling.factor, "coefficients": self.coefficients}
        scalars = {"clip": np.array([scaling.clip]), "intercept": intercept}
        return {FILE: encode_arrays({**arrays, **scalars}), **encode_features(self.features)}

    @classmethod
    def load(cls, files: Mapping[str, bytes], features: Sequence[str]) -> Self:
        """Read what `save` gave."""
        check_features(files, features)
        each = (len(features),)
        shapes = {"mean": each, "factor": each, "coefficients": each, "clip": (1,), "intercept": (1,)}
        found = decode_arrays(FILE, file_of(files, FILE), shapes)
        return cls(tuple(features), _network(Scaling.of(found), found["coefficients"], found["intercept"]))


def _network(scaling: Scaling, coefficients: Floats, intercept: Floats) -> Dense:
    return Dense.of(scaling, ((coefficients[None, :], intercept),))


def _fitted(scaled: Floats, labels: Floats, alpha: float, chosen: LinearParameters) -> tuple[Floats, Floats]:
    linear_model = library("sklearn.linear_model")
    steps = {"max_iter": chosen.iterations, "tol": chosen.tolerance}
    estimators = {
        # scikit-learn's ridge does not divide the squared error by the number of rows.
        "ridge": lambda: linear_model.Ridge(alpha=alpha * labels.size, solver="cholesky"),
        "lasso": lambda: linear_model.Lasso(alpha=alpha, **steps),
        "elastic_net": lambda: linear_model.ElasticNet(alpha=alpha, l1_ratio=chosen.l1_ratio, **steps),
    }
    # One thread: what several add up, they add up in their own order.
    with library("threadpoolctl").threadpool_limits(limits=1), warnings.catch_warnings():
        warnings.simplefilter("error", library("sklearn.exceptions").ConvergenceWarning)
        try:
            fitted = estimators[chosen.penalty]().fit(scaled, labels)
        except UserWarning as error:
            raise ModelError(
                f"{chosen.penalty} with alpha {alpha} does not settle in {chosen.iterations} iterations;"
                " give more iterations, or a greater tolerance or alpha"
            ) from error
    return np.asarray(fitted.coef_, np.float64).reshape(-1), np.array([fitted.intercept_], np.float64)
