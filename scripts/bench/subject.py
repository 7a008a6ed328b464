"""A synthetic model in a real bundle, as large as asked; and sections to score."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from common.models.bundle import Bundle, save_bundle
from common.models.golden import encode_array
from common.models.manifest import DataRecord, FactorRecord, GoldenRecord, LabelRecord, Manifest, Span, TrainingRecord
from common.models.predictor import Predictor
from common.models.scoring import accelerate

Floats = NDArray[np.float64]

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
    """A bundle's folder, the same model in this process, scored as a child scores it, and sections f8[F, S] for it."""

    shape: Shape
    folder: Path
    model: Predictor
    sections: tuple[Floats, ...]

    @classmethod
    def of(cls, root: Path, shape: Shape, model: Predictor, random: np.random.Generator) -> "Subject":
        """Write the bundle below `root`."""
        bundle = _bundle(model, random.standard_normal((shape.features, GOLDEN_ROWS)))
        folder = save_bundle(root / "bundles", bundle)
        accelerate(model, bundle.golden())
        sections = tuple(random.standard_normal((shape.features, shape.symbols)) for _ in range(SECTIONS))
        return cls(shape, folder, model, sections)


def _bundle(model: Predictor, inputs: Floats) -> Bundle:
    files = {**model.save(), INPUTS: encode_array(inputs), OUTPUTS: encode_array(model.predict(inputs))}
    return Bundle.make(_manifest(model), files)


def _manifest(model: Predictor) -> Manifest:
    return Manifest(
        name="bench",
        kind=model.kind,
        factor_set=FactorRecord("bench", NO_DIGEST, tuple((name, "close") for name in model.features)),
        features=model.features,
        label=LabelRecord("ts_delay(close, -1) / close - 1", 1),
        spans={"training": Span(1, 1, 1)},
        data=DataRecord(NO_DIGEST, 1, 1, 1),
        training=TrainingRecord(NO_DIGEST, {}),
        scores={},
        libraries={},
        platform={},
        golden=GoldenRecord(INPUTS, OUTPUTS, model.golden_tolerance),
    )
