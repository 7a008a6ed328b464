"""Forests to score with, as large as asked, grown on noise once and kept; and rows for them."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np

from common.atomic import replacing

FEATURES = 158
TRAINING_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Size:
    """Trees, and leaves of each at most."""

    trees: int
    leaves: int

    def __str__(self) -> str:
        return f"{self.trees:,} x {self.leaves}"

    @property
    def stem(self) -> str:
        """Name of its files."""
        return f"trees_{self.trees}x{self.leaves}"


def grown(folder: Path, size: Size, step: Callable[[], None]) -> Path:
    """Path of a text model of that size, grown now if it does not lie there; `step` is called for every tree."""
    path = folder / f"{size.stem}.txt"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(_grow(size, step), encoding="utf-8")
    return path


def rows_for(folder: Path, rows: int) -> Path:
    """Path of values f8[158, rows], a twentieth of them missing."""
    path = folder / f"values_{rows}.npy"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        random = np.random.default_rng(2)
        values = random.standard_normal((FEATURES, rows))
        values[random.random(values.shape) < 0.05] = np.nan
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.save(file, values, allow_pickle=False)
    return path


def _grow(size: Size, step: Callable[[], None]) -> str:
    random = np.random.default_rng(1)
    inputs = random.standard_normal((TRAINING_ROWS, FEATURES))
    labels = inputs[:, 0] + 0.5 * inputs[:, 1] * inputs[:, 2] + random.standard_normal(TRAINING_ROWS)
    inputs[random.random(inputs.shape) < 0.05] = np.nan
    settings = {"num_leaves": size.leaves, "learning_rate": 0.05, "verbosity": -1, "num_threads": 1, "seed": 1}
    data = lightgbm.Dataset(inputs, labels, params={"verbosity": -1})
    booster = lightgbm.train(settings, data, size.trees, callbacks=[lambda _state: step()])
    text: str = booster.model_to_string()
    return text
