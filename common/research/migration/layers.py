"""A network of torch's modules as layers of ours: normalisation folded in, leaky units as pairs of plain ones (pure).

A leaky unit is max(x, 0) - slope max(-x, 0): two rectified units, of which the next layer takes the difference. So the
same function needs twice the units and no activation that is not there.
"""

from itertools import pairwise
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from common.models.dense import Layers

Floats = NDArray[np.float64]
Numbers = tuple[FiniteFloat, ...]

_CLOSED = ConfigDict(extra="forbid", frozen=True)


class Linear(BaseModel):
    """Sums: weights by unit, and a bias each."""

    model_config = _CLOSED

    layer: Literal["Linear"]
    weight: tuple[Numbers, ...]
    bias: Numbers


class BatchNorm(BaseModel):
    """What training had seen of each unit, and what it made of it."""

    model_config = _CLOSED

    layer: Literal["BatchNorm1d"]
    weight: Numbers
    bias: Numbers
    running_mean: Numbers
    running_var: Numbers
    eps: FiniteFloat


class Leaky(BaseModel):
    """x above 0, slope x below."""

    model_config = _CLOSED

    layer: Literal["LeakyReLU"]
    negative_slope: FiniteFloat


class Sigmoid(BaseModel):
    """x over 1 + exp(-x)."""

    model_config = _CLOSED

    layer: Literal["SiLU"]


Layer = Annotated[Linear | BatchNorm | Leaky | Sigmoid, Field(discriminator="layer")]


def folded(modules: tuple[Layer, ...]) -> tuple[Layers, str]:
    """Layers and their one activation; ValueError for an order of modules that makes none."""
    done: list[tuple[Floats, Floats]] = []
    names: set[str] = set()
    sums: tuple[Floats, Floats] | None = None
    slope: float | None = None
    for module in modules:
        if isinstance(module, Linear):
            if sums is not None:
                raise ValueError("two linear layers stand without an activation between them")
            sums, slope = _sums(module, slope), None
        elif sums is None:
            raise ValueError(f"{module.layer} follows no linear layer")
        elif isinstance(module, BatchNorm):
            sums = _normalised(module, sums)
        else:
            done.append(_paired(sums) if isinstance(module, Leaky) else sums)
            slope = module.negative_slope if isinstance(module, Leaky) else None
            sums = None
            names.add("relu" if isinstance(module, Leaky) else "silu")
    if sums is None or len(sums[1]) != 1:
        raise ValueError("the last layer must be a linear one of one unit")
    if len(names) > 1:
        raise ValueError("the layers have different activations")
    layers = (*done, sums)
    for (_, above), (below, _) in pairwise(layers):
        if below.shape[1] != len(above):
            raise ValueError(f"a layer of {len(above)} units is followed by one that reads {below.shape[1]}")
    return layers, next(iter(names), "identity")


def gradient_of(layers: Layers, activation: str, rows: Floats) -> Floats:
    """Mean absolute gradient f8[F] of the answer over rows f8[F, N]."""
    values, slopes = rows, []
    for weights, bias in layers[:-1]:
        sums = weights @ values + bias[:, None]
        gate = (
            1.0 / (1.0 + np.exp(-np.clip(sums, -500, 500))) if activation == "silu" else (sums > 0).astype(np.float64)
        )
        slopes.append(gate * (1.0 + sums * (1.0 - gate)) if activation == "silu" else gate)
        values = sums * gate
    back: Floats = np.repeat(layers[-1][0].T, rows.shape[1], axis=1)
    for (weights, _), slope in zip(reversed(layers[:-1]), reversed(slopes), strict=True):
        back = weights.T @ (back * slope)
    return np.abs(back).mean(axis=1) if rows.shape[1] else np.zeros(len(rows))


def _sums(module: Linear, slope: float | None) -> tuple[Floats, Floats]:
    weights, bias = np.array(module.weight, np.float64), np.array(module.bias, np.float64)
    if weights.ndim != 2 or bias.shape != weights.shape[:1]:
        raise ValueError(f"a linear layer has weights {list(weights.shape)} and {bias.size} biases")
    return (weights if slope is None else np.concatenate([weights, -slope * weights], axis=1)), bias


def _normalised(module: BatchNorm, sums: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    weights, bias = sums
    told = (module.weight, module.bias, module.running_mean, module.running_var)
    if any(len(numbers) != len(bias) for numbers in told):
        raise ValueError(f"a normalisation of {len(module.weight)} units follows a layer of {len(bias)}")
    scale, shift, mean, variance = (np.array(numbers, np.float64) for numbers in told)
    if not (variance + module.eps > 0.0).all():
        raise ValueError("a normalisation has a variance that is not above 0")
    factor = scale / np.sqrt(variance + module.eps)
    return weights * factor[:, None], (bias - mean) * factor + shift


def _paired(sums: tuple[Floats, Floats]) -> tuple[Floats, Floats]:
    weights, bias = sums
    return np.concatenate([weights, -weights]), np.concatenate([bias, -bias])
