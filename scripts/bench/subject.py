"""A synthetic model to score with, as large as asked, in a real bundle; and sections to score."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.models.bundle import Bundle, save_bundle
from common.models.golden import encode_array
from common.models.lightgbm import LightGBMModel
from common.models.manifest import DataRecord, FactorRecord, GoldenRecord, LabelRecord, Manifest, Span, TrainingRecord
from common.models.predictor import Samples

Floats = NDArray[np.float64]

LEAVES = 31
TRAINING_ROWS = 4000
GOLDEN_ROWS = 16
NO_DIGEST = "0" * 64
INPUTS, OUTPUTS = "golden_inputs.npy", "golden_outputs.npy"

# More than one, so that a section is not found in the nearest cache each time.
SECTIONS = 6


@dataclass(frozen=True, slots=True)
class Shape:
    """Symbols and features of a section."""

    symbols: int
    features: int

    def __str__(self) -> str:
        return f"{self.symbols:,} x {self.features}"


@dataclass(frozen=True, slots=True)
class Subject:
    """A bundle's folder, the same model in this process, and sections f8[F, S] for it."""

    shape: Shape
    folder: Path
    model: LightGBMModel
    sections: tuple[Floats, ...]

    @classmethod
    def make(
        cls, root: Path, shape: Shape, trees: int, random: np.random.Generator, step: Callable[[], None]
    ) -> "Subject":
        """Train on noise, write the bundle below `root`; `step` is called for every tree."""
        model = _train(shape.features, trees, random, step)
        bundle = _bundle(model, random.standard_normal((shape.features, GOLDEN_ROWS)))
        sections = tuple(random.standard_normal((shape.features, shape.symbols)) for _ in range(SECTIONS))
        return cls(shape, save_bundle(root / "bundles", bundle), model, sections)


def _train(features: int, trees: int, random: np.random.Generator, step: Callable[[], None]) -> LightGBMModel:
    """All rounds are kept: what validates is what was learnt from, and that only ever gets better."""
    inputs = random.standard_normal((features, TRAINING_ROWS))
    noise = Samples(inputs, inputs[0] + random.standard_normal(TRAINING_ROWS))
    settings: dict[str, Any] = {
        "rounds": trees,
        "patience": trees,
        "num_leaves": LEAVES,
        "min_data_in_leaf": 5,
        "feature_fraction": 1.0,
        "bagging_fraction": 1.0,
        "lambda_l2": 0.0,
        "seed": 1,
    }
    names = [f"feature_{number}" for number in range(features)]
    return LightGBMModel.fit(noise, noise, names, settings, lambda _done, _most: step())


def _bundle(model: LightGBMModel, inputs: Floats) -> Bundle:
    files = {**model.save(), INPUTS: encode_array(inputs), OUTPUTS: encode_array(model.predict(inputs))}
    return Bundle.make(_manifest(model), files)


def _manifest(model: LightGBMModel) -> Manifest:
    return Manifest(
        name="bench",
        kind=model.kind,
        factor_set=FactorRecord("bench", NO_DIGEST, tuple((name, "close") for name in model.features)),
        features=model.features,
        label=LabelRecord("ts_delay(close, -1) / close - 1", 1),
        spans={"training": Span(1, 1, 1)},
        data=DataRecord(NO_DIGEST, 1, TRAINING_ROWS, TRAINING_ROWS),
        training=TrainingRecord(NO_DIGEST, {}),
        scores={},
        libraries={},
        platform={},
        golden=GoldenRecord(INPUTS, OUTPUTS, model.golden_tolerance),
    )
