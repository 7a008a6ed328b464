"""Fitting a multi-layer perceptron with torch, which nothing else here touches."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from common.errors import ModelError
from common.models.libraries import library
from common.models.mlp_parameters import MlpParameters
from common.models.predictor import Progress, Samples

Floats = NDArray[np.float64]
Layers = tuple[tuple[Floats, Floats], ...]
# torch is imported only when something is fitted, so its types have no names here.
Module: TypeAlias = Any
Tensor: TypeAlias = Any
Rows: TypeAlias = tuple[Tensor, Tensor]

_ACTIVATIONS = {"relu": "ReLU", "tanh": "Tanh", "silu": "SiLU"}
_LOSSES = {"mse": "MSELoss", "mae": "L1Loss", "huber": "HuberLoss"}
_GRADIENT_ROWS = 4096
_JUDGED_ROWS = 65_536


@dataclass(frozen=True, slots=True)
class Network:
    """Weights [O, I] and bias [O] of each layer in units of the labels, and the mean absolute gradient f8[F]."""

    layers: Layers
    gradient: Floats


def train_network(train: Samples, validation: Samples, chosen: MlpParameters, progress: Progress) -> Network:
    """Learn scaled features; equal arguments give equal weights, and torch's own state is left as it was."""
    torch = library("torch")
    mean, spread = float(train.labels.mean()), float(train.labels.std()) or 1.0
    with _settings(torch, chosen):
        network = _network(torch, train.features.shape[0], chosen)
        learn, judge = (_rows(torch, samples, mean, spread) for samples in (train, validation))
        _follow(_course(torch, network, chosen), learn, judge, progress)
        return Network(_layers(network, mean, spread), _gradient(torch, network, judge[0]) * spread)


@contextmanager
def _settings(torch: Any, chosen: MlpParameters) -> Iterator[None]:
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(chosen.seed)
        torch.set_num_threads(chosen.threads)
        try:
            yield
        finally:
            torch.set_num_threads(threads)


def _network(torch: Any, features: int, chosen: MlpParameters) -> Module:
    parts: list[Module] = []
    for before, after in pairwise((features, *chosen.hidden)):
        activation = getattr(torch.nn, _ACTIVATIONS[chosen.activation])
        parts += [torch.nn.Linear(before, after), activation(), torch.nn.Dropout(chosen.dropout)]
    return torch.nn.Sequential(*parts, torch.nn.Linear((features, *chosen.hidden)[-1], 1))


def _rows(torch: Any, samples: Samples, mean: float, spread: float) -> Rows:
    rows = np.ascontiguousarray(samples.features.T, np.float32)
    return torch.from_numpy(rows), torch.from_numpy(((samples.labels - mean) / spread).astype(np.float32))


@dataclass(frozen=True, slots=True)
class _Course:
    """What a training needs besides rows."""

    torch: Any
    network: Module
    loss: Any
    optimiser: Any
    chosen: MlpParameters

    def learn(self, rows: Rows) -> None:
        """Go once through all rows in random order."""
        self.network.train()
        features, labels = rows
        for batch in self.torch.randperm(len(labels)).split(self.chosen.batch_rows):
            self.optimiser.zero_grad()
            self.loss(self.network(features[batch]).squeeze(1), labels[batch]).backward()
            self.optimiser.step()

    def judge(self, rows: Rows) -> float:
        """Mean loss over rows that are not learnt from."""
        self.network.eval()
        total = 0.0
        with self.torch.no_grad():
            for features, labels in zip(*(part.split(_JUDGED_ROWS) for part in rows), strict=True):
                total += float(self.loss(self.network(features).squeeze(1), labels)) * len(labels)
        return total / len(rows[1])


def _course(torch: Any, network: Module, chosen: MlpParameters) -> _Course:
    return _Course(
        torch, network, getattr(torch.nn, _LOSSES[chosen.loss])(), _optimiser(torch, network, chosen), chosen
    )


def _follow(course: _Course, learn: Rows, judge: Rows, progress: Progress) -> None:
    """Leave the weights of the best epoch in the network."""
    chosen = course.chosen
    best, least, since = _weights(course.network), inf, 0
    for epoch in range(1, chosen.epochs + 1):
        course.learn(learn)
        error = course.judge(judge)
        if not isfinite(error):
            raise ModelError(f"the loss is no number after {epoch} epochs; choose a lower learning_rate")
        progress(epoch, chosen.epochs)
        since = 0 if error < least else since + 1
        if error < least:
            best, least = _weights(course.network), error
        if since == chosen.patience:
            break
    course.network.load_state_dict(best)


def _optimiser(torch: Any, network: Module, chosen: MlpParameters) -> Any:
    shared = {"lr": chosen.learning_rate, "weight_decay": chosen.weight_decay}
    made: dict[str, Callable[[], Any]] = {
        "adam": lambda: torch.optim.Adam(network.parameters(), **shared),
        "adamw": lambda: torch.optim.AdamW(network.parameters(), **shared),
        "sgd": lambda: torch.optim.SGD(network.parameters(), momentum=chosen.momentum, **shared),
    }
    return made[chosen.optimiser]()


def _weights(network: Module) -> dict[str, Tensor]:
    return {name: values.detach().clone() for name, values in network.state_dict().items()}


def _layers(network: Module, mean: float, spread: float) -> Layers:
    """Weights as 64 bits; the last layer gives labels in their own units again."""
    lines = [part for part in network if hasattr(part, "weight")]
    found = [tuple(part.detach().numpy().astype(np.float64) for part in (line.weight, line.bias)) for line in lines]
    weights, bias = found[-1]
    return tuple((first, second) for first, second in [*found[:-1], (weights * spread, bias * spread + mean)])


def _gradient(torch: Any, network: Module, features: Tensor) -> Floats:
    network.eval()
    places = np.linspace(0, len(features) - 1, min(len(features), _GRADIENT_ROWS)).astype(np.int64)
    rows = features[torch.from_numpy(places)].requires_grad_()
    network(rows).sum().backward()
    found: Floats = rows.grad.abs().mean(dim=0).numpy().astype(np.float64)
    return found
