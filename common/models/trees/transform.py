"""What LightGBM makes of a sum of leaves, by the model's objective."""

from dataclasses import dataclass

from common.errors import ModelError
from common.models.trees import kernels
from common.models.trees.numeral import read_decimal

_PLAIN = {"", "none", "custom", "huber", "lambdarank", "rank_xendcg"}
_SQUARED_WITH_SQRT = {"regression", "regression_l1", "fair", "quantile", "mape"}
_EXPONENTIAL = {"poisson", "gamma", "tweedie"}


@dataclass(frozen=True, slots=True)
class Transform:
    """One of the kernels' transforms; `slope` is the sigmoid's."""

    number: int
    slope: float = 1.0


def read_objective(objective: str) -> Transform:
    """Transform of an objective as the text has it (`binary sigmoid:1`); ModelError for any other.

    https://github.com/microsoft/LightGBM/tree/v4.6.0/src/objective
    """
    name, *options = objective.split() or [""]
    if name in _PLAIN:
        return Transform(kernels.IDENTITY)
    if name in _SQUARED_WITH_SQRT:
        return Transform(kernels.SIGNED_SQUARE if "sqrt" in options else kernels.IDENTITY)
    if name in _EXPONENTIAL:
        return Transform(kernels.EXPONENTIAL)
    if name == "binary":
        return Transform(kernels.SIGMOID, _slope(options))
    if name == "cross_entropy":
        return Transform(kernels.LOGISTIC)
    if name == "cross_entropy_lambda":
        return Transform(kernels.SOFTPLUS)
    raise ModelError(f"objective {objective!r} is not covered")


def _slope(options: list[str]) -> float:
    found = [option.partition(":")[2] for option in options if option.startswith("sigmoid:")]
    if not found:
        raise ModelError(f"a binary objective without a sigmoid: {options}")
    try:
        return read_decimal(found[-1])
    except ModelError as error:
        raise ModelError(f"a binary objective without a sigmoid: {error}") from error
