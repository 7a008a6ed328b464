"""The same models scored by the libraries that people would take, with one thread, from the same f8[F, S]."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from common.models.dense import Dense
from common.models.libraries import library
from common.models.lightgbm import FILE, LightGBMModel
from common.models.linear import LinearModel
from common.models.mlp import MlpModel
from common.models.predictor import Predictor
from scripts.bench.subject import Floats

Score = Callable[[Floats], Any]


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it neither torch nor a linear algebra library uses more."""
    torch = library("torch")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with library("threadpoolctl").threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(threads)


def peers_of(model: Predictor) -> Mapping[str, Score]:
    """Ways to score this model, by name."""
    match model:
        case LightGBMModel():
            booster = library("lightgbm").Booster(model_str=model.save()[FILE].decode())
            return {"LightGBM": lambda values: booster.predict(values.T, num_threads=1)}
        case LinearModel():
            return {"NumPy, one product": _by_numpy(model.network)}
        case MlpModel():
            return {
                "torch, float64": _by_torch(model.network, "float64"),
                "torch, float32": _by_torch(model.network, "float32"),
            }
    return {}


def _by_numpy(network: Dense) -> Score:
    mean, factor, clip = network.scaling.mean[:, None], network.scaling.factor[:, None], network.scaling.clip
    ((weights, biases),) = network.layers

    def score(values: Floats) -> Floats:
        scaled = (values - mean) * factor
        np.clip(scaled, -clip, clip, out=scaled)
        np.nan_to_num(scaled, copy=False)
        outputs: Floats = weights @ scaled + biases[:, None]
        return outputs

    return score


def _by_torch(network: Dense, kind: str) -> Score:
    """In inference mode and feature-major, so that nothing is transposed; float32 asks for one conversion."""
    torch = library("torch")
    dtype, scaling = getattr(torch, kind), network.scaling

    def taken(array: Floats) -> Any:
        return torch.from_numpy(array).to(dtype)

    mean, factor = taken(scaling.mean)[:, None], taken(scaling.factor)[:, None]
    layers = [(taken(weights), taken(biases)[:, None]) for weights, biases in network.layers]

    def score(values: Floats) -> Any:
        with torch.inference_mode():
            outputs = torch.nan_to_num_((taken(values) - mean).mul_(factor).clamp_(-scaling.clip, scaling.clip))
            for place, (weights, biases) in enumerate(layers, 1):
                outputs = torch.addmm(biases, weights, outputs)
                if place < len(layers):
                    outputs = torch.relu_(outputs)
            return outputs

    return score
