"""Multi-layer perceptron: fitted by torch, kept as safetensors, scored without torch.

Scores are sums in 64 bits in the order of the inputs, so a row's bits depend neither on the other rows nor on threads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from common.errors import BundleError
from common.models.arrays import check_arrays
from common.models.dense import Dense
from common.models.dense_model import DenseModel
from common.models.feature_names import check_features, encode_features, file_of
from common.models.importance import Importance, permutation_importance
from common.models.libraries import library
from common.models.mlp_parameters import Activation, MlpParameters
from common.models.mlp_training import train_network
from common.models.parameters import Parameters, read_parameters
from common.models.predictor import Progress, Samples
from common.models.scaling import Scaling

FILE, SHAPE = "mlp.safetensors", "network.json"
IMPORTANCE_ROWS = 4096

Floats = NDArray[np.float64]


class _Shape(BaseModel):
    """What the numbers alone do not say."""

    model_config = ConfigDict(extra="forbid", strict=True)

    hidden: tuple[int, ...]
    activation: Activation
    format: Literal[1] = 1


@dataclass(frozen=True, slots=True)
class MlpModel(DenseModel):
    """Layers over scaled features, and how much each feature mattered when they were fitted."""

    importance: Mapping[str, Floats]

    kind: ClassVar[str] = "mlp"
    libraries: ClassVar[tuple[str, ...]] = ("torch", "safetensors")
    golden_tolerance: ClassVar[float] = 1e-9
    parameters: ClassVar[type[Parameters]] = MlpParameters

    @classmethod
    def fit(
        cls,
        train: Samples,
        validation: Samples,
        features: Sequence[str],
        parameters: Mapping[str, Any],
        progress: Progress,
    ) -> Self:
        """Train until `patience` epochs bring nothing on the validation rows, and keep the best weights."""
        chosen = read_parameters(MlpParameters, cls.kind, parameters)
        scaling = Scaling.fit(train.features, chosen.clip)
        fitted = train_network(_scaled(train, scaling), _scaled(validation, scaling), chosen, progress)
        network = Dense.of(scaling, fitted.layers, chosen.activation)
        random, some = np.random.default_rng(chosen.seed), spread(validation, IMPORTANCE_ROWS)
        permutation = permutation_importance(lambda rows: network.score(rows)[0], some.features, some.labels, random)
        return cls(tuple(features), network, {"permutation": permutation, "gradient": fitted.gradient})

    def detail(self) -> Importance:
        """Measured on validation rows when it was fitted: by permutation, and by mean absolute gradient."""
        return Importance(self.features, self.importance)

    def save(self) -> dict[str, bytes]:
        """Numbers as safetensors, the network's shape and the names as JSON."""
        body: bytes = library("safetensors.numpy").save(self._tensors())
        hidden = tuple(biases.size for _, biases in self.network.layers[:-1])
        shape = _Shape.model_validate({"hidden": hidden, "activation": self.network.activation}).model_dump_json()
        return {FILE: body, SHAPE: shape.encode(), **encode_features(self.features)}

    @classmethod
    def load(cls, files: Mapping[str, bytes], features: Sequence[str]) -> Self:
        """Read what `save` gave."""
        check_features(files, features)
        shape = _decoded(file_of(files, SHAPE))
        found = _tensors(file_of(files, FILE), _shapes(len(features), shape.hidden))
        layers = tuple((found[f"weights_{n}"], found[f"bias_{n}"]) for n in range(len(shape.hidden) + 1))
        importance = {name: found[name] for name in ("permutation", "gradient")}
        return cls(tuple(features), Dense.of(Scaling.of(found), layers, shape.activation), importance)

    def _tensors(self) -> dict[str, Floats]:
        scaling = self.network.scaling
        tensors = {"mean": scaling.mean, "factor": scaling.factor, "clip": np.array([scaling.clip])}
        for number, (weights, bias) in enumerate(self.network.layers):
            tensors |= {f"weights_{number}": weights, f"bias_{number}": bias}
        return {name: np.ascontiguousarray(values) for name, values in {**tensors, **self.importance}.items()}


def spread(samples: Samples, most: int) -> Samples:
    """At most that many rows, evenly spread."""
    count = samples.labels.size
    chosen = np.linspace(0, count - 1, min(count, most)).astype(np.int64)
    return Samples(np.ascontiguousarray(samples.features[:, chosen]), samples.labels[chosen])


def _scaled(samples: Samples, scaling: Scaling) -> Samples:
    return Samples(scaling.apply(samples.features), samples.labels)


def _shapes(features: int, hidden: tuple[int, ...]) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(("mean", "factor", "permutation", "gradient"), (features,))
    shapes["clip"] = (1,)
    for number, (before, after) in enumerate(pairwise((features, *hidden, 1))):
        shapes |= {f"weights_{number}": (after, before), f"bias_{number}": (after,)}
    return shapes


def _decoded(body: bytes) -> _Shape:
    try:
        return _Shape.model_validate_json(body)
    except ValidationError as error:
        raise BundleError(f"{SHAPE}: {error.errors(include_url=False)[0]['msg']}") from error


def _tensors(body: bytes, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Floats]:
    safetensors = library("safetensors")
    try:
        found = library("safetensors.numpy").load(body)
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{FILE} is not a file of tensors: {error}") from error
    if found.keys() != shapes.keys():
        raise BundleError(f"{FILE} holds {', '.join(sorted(found))}; expected {', '.join(sorted(shapes))}")
    if wrong := sorted(name for name, values in found.items() if values.dtype != np.float64):
        raise BundleError(f"{FILE}: {', '.join(wrong)} is not float64")
    check_arrays(FILE, found, shapes)
    # Copied, because what lies over the file's bytes may be read-only, which a kernel does not take.
    return {name: np.array(values, np.float64, order="C") for name, values in found.items()}
