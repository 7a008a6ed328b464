"""Small models and bundles for tests; trained from seeded numbers."""

from pathlib import Path

import numpy as np

from common.models.bundle import Bundle, save_bundle
from common.models.fingerprint import platform_fingerprint
from common.models.golden import encode_array
from common.models.kinds import model_class
from common.models.lightgbm import LightGBMModel
from common.models.manifest import DataRecord, FactorRecord, GoldenRecord, LabelRecord, Manifest, Span, TrainingRecord
from common.models.predictor import Predictor, Samples

DIGEST = "0" * 64
NAMES = ("alpha", "beta", "gamma")
SMALL = {"rounds": 5, "num_leaves": 4, "min_data_in_leaf": 5, "num_threads": 1}
QUICK: dict[str, dict[str, object]] = {
    "lightgbm": dict(SMALL),
    "linear": {},
    "mlp": {"hidden": [8, 5], "epochs": 3, "batch_rows": 50},
}
"""Parameters of a fit that takes no time, for every kind."""


def samples(count: int, *, seed: int = 1) -> Samples:
    """Features that explain a little of the labels; some are missing."""
    random = np.random.default_rng(seed)
    features = random.standard_normal((len(NAMES), count))
    labels = features[0] + 0.5 * features[1] + random.standard_normal(count)
    features[2, ::7] = np.nan
    return Samples(features, labels)


def small_model(**parameters: object) -> LightGBMModel:
    """A LightGBM model over three features."""
    return LightGBMModel.fit(
        samples(300), samples(100, seed=2), NAMES, {**SMALL, **parameters}, lambda _done, _most: None
    )


def fitted(kind: str, **parameters: object) -> Predictor:
    """A model of any kind over three features."""
    given = {**QUICK[kind], **parameters}
    return model_class(kind).fit(samples(300), samples(100, seed=2), NAMES, given, lambda _done, _most: None)


def bundle_of(kind: str, name: str = "demo") -> Bundle:
    """A whole bundle of any kind, made on this platform."""
    model = fitted(kind)
    golden = GoldenRecord("golden_inputs.npy", "golden_outputs.npy", model.golden_tolerance)
    return make_bundle(name, model, kind=kind, golden=golden, platform=platform_fingerprint())


def draft(name: str = "demo", **changes: object) -> Manifest:
    """Return a manifest without files."""
    fields: dict[str, object] = {
        "name": name,
        "kind": "lightgbm",
        "factor_set": FactorRecord("basic", DIGEST, tuple((feature, "close") for feature in NAMES)),
        "features": NAMES,
        "label": LabelRecord("ts_delay(close, -1) / close - 1", 1),
        "spans": {"training": Span(1, 2, 2)},
        "data": DataRecord(DIGEST, 2, 3, 6),
        "training": TrainingRecord(DIGEST, {"rounds": 5}),
        "scores": {"validation_rank_ic": 0.1},
        "libraries": {},
        "platform": {},
        "golden": GoldenRecord("golden_inputs.npy", "golden_outputs.npy"),
    }
    return Manifest(**{**fields, **changes})  # type: ignore[arg-type]


def sketch(name: str = "demo", seed: int = 0) -> Bundle:
    """A bundle without a model, quickly made; another seed is another bundle."""
    return Bundle.make(draft(name, scores={"seed": float(seed)}), {"notes.txt": f"seed {seed}".encode()})


def make_bundle(name: str = "demo", model: Predictor | None = None, **changes: object) -> Bundle:
    """Return a whole bundle whose golden answers hold."""
    model = model or small_model()
    inputs = samples(8, seed=3).features
    golden = {"golden_inputs.npy": encode_array(inputs), "golden_outputs.npy": encode_array(model.predict(inputs))}
    return Bundle.make(draft(name, **changes), {**model.save(), **golden})


def saved(folder: Path, bundle: Bundle | None = None) -> Path:
    """Folder of a bundle written below `folder`."""
    return save_bundle(folder / "bundles", bundle or make_bundle())
