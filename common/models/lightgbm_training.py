"""Fitting with LightGBM's own package, which nothing else here imports."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from common.errors import ModelError
from common.models.libraries import library
from common.models.lightgbm_library import parameter_names
from common.models.predictor import Progress, Samples
from common.nearest import did_you_mean

# LightGBM is imported only when something is fitted, so its types have no names here.
Dataset: TypeAlias = Any

_DEFAULTS: Mapping[str, Any] = {
    "objective": "regression",
    "metric": "l2",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.8,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 10.0,
    "rounds": 200,
    "patience": 30,
    "seed": 7,
    # One: threads that wait for a busy core cost more than they bring; and the model's text records the number.
    "num_threads": 1,
    # Factors are hardly ever zero: to look for columns that could be kept sparse, or share one, takes time for nothing.
    "is_enable_sparse": False,
    "enable_bundle": False,
}

_COUNTS = ("rounds", "patience")
"""Parameters that are not LightGBM's own, which it could say nothing of."""

_NO_METRIC = ("None", "none", "null", "custom", "na")
"""LightGBM's words for no metric at all."""

# Histograms by columns and the flag together make the result independent of timing and of the number of threads.
_FIXED: Mapping[str, Any] = {"deterministic": True, "force_col_wise": True, "verbosity": -1}


def fit_settings(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """All parameters of a fit; all but `rounds` and `patience` are LightGBM's own, which ignores a misspelt one."""
    known = {*_DEFAULTS, *parameter_names()}
    for name in parameters:
        if name not in known:
            raise ModelError(f"LightGBM has no parameter {name!r}{did_you_mean(name, known)}")
    settings = {**_DEFAULTS, **parameters}
    for name in _COUNTS:
        if type(settings[name]) is not int or settings[name] < 1:
            told = f"parameter {name} = {settings[name]!r} of kind 'lightgbm'"
            raise ModelError(f"{told}: should be a whole number above 0")
    if settings["metric"] in _NO_METRIC:
        told = f"parameter metric = {settings['metric']!r} of kind 'lightgbm'"
        raise ModelError(f"{told}: it decides when to stop; name one, such as l2")
    return settings


def train_text(
    train: Samples, validation: Samples, features: Sequence[str], parameters: Mapping[str, Any], progress: Progress
) -> str:
    """Boost until `patience` rounds bring nothing on the validation rows; give the text up to the best round."""
    lightgbm, settings = library("lightgbm"), {**fit_settings(parameters), **_FIXED}
    rounds, patience = int(settings.pop("rounds")), int(settings.pop("patience"))
    learn = _dataset(train, features, settings)
    callbacks: list[Callable[..., Any]] = [lightgbm.early_stopping(patience, verbose=False), _reporting(progress)]
    judge = _dataset(validation, features, settings, learn)
    try:
        booster = lightgbm.train(settings, learn, rounds, valid_sets=[judge], callbacks=callbacks)
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise ModelError(f"LightGBM cannot fit with these parameters: {error}") from error
    text: str = booster.model_to_string(num_iteration=booster.best_iteration)
    return text


def _dataset(
    samples: Samples, features: Sequence[str], settings: Mapping[str, Any], reference: Dataset | None = None
) -> Dataset:
    return library("lightgbm").Dataset(
        samples.features.T,
        samples.labels,
        feature_name=list(features),
        reference=reference,
        params=dict(settings),
    )


def _reporting(progress: Progress) -> Callable[[Any], None]:
    def report(state: Any) -> None:
        progress(state.iteration + 1, state.end_iteration)

    return report
