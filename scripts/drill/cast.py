"""The models of a drill, made from one that was trained: good ones, and bad ones of every sort."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from alphabus.clock import Clock
from common.factors.plan import compile_set
from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.table import make_processor
from common.factors.sets import FactorSet
from common.models.bundle import Bundle
from common.models.factor_record import record_of
from common.models.fingerprint import platform_fingerprint
from common.models.golden import encode_array
from common.models.manifest import GoldenRecord
from common.models.processed import ProcessedModel
from common.models.processors import encode_processors
from common.models.records import ModelRef
from common.models.registry import Registry
from scripts.drill.moody import GOLDEN_ROWS, WEIGHTS, Mood, Moody

INPUTS, OUTPUTS = "golden_inputs.npy", "golden_outputs.npy"
NAME = "drill"

OTHER_FACTORS = (
    ("return_2", "close / ts_delay(close, 2) - 1"),
    ("mean_7", "ts_mean(close, 7) / close"),
    ("low_rank", "cs_rank(low / close)"),
)

WHY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "corrupt": ("digest differs",),
        "renamed": ("which its factors lack",),
        "nan": ("answered NaN",),
        "hang": ("no answer to the last section",),
        "exit": ("closed its socket", "exited with status 3"),
    }
)
"""What has to be said of each sort of bad model that fails to take over; one of these."""


@dataclass(frozen=True, slots=True)
class Cast:
    """By sort of model, its version; those in `WHY` must never serve, all others may."""

    models: Mapping[str, ModelRef]

    @property
    def good(self) -> set[tuple[str, int]]:
        """Name and version of those that may serve."""
        return {ref.key for sort, ref in self.models.items() if sort not in WHY}

    def sort_of(self, key: tuple[str, int]) -> str:
        """Which sort of model a version is."""
        return next(sort for sort, ref in self.models.items() if ref.key == key)

    @classmethod
    def make(cls, root: Path, instance: str, clock: Clock) -> Cast:
        """Register all of them beside the instance's champion."""
        with Registry(root, clock=clock.wall_ns) as registry:
            champion = registry.resolve(instance, "champion")
            trained = registry.load(champion)
            models = {"trained": champion}
            for sort, bundle in _bundles(trained).items():
                models[sort] = registry.add(bundle, author=NAME)
            _flip(registry.folder(models["corrupt"]) / WEIGHTS)
        return cls(models)


def _bundles(trained: Bundle) -> dict[str, Bundle]:
    features = trained.manifest.features
    moods: dict[str, Mood] = {"first": "fine", "second": "fine", "corrupt": "fine", "renamed": "fine"}
    moods |= {"nan": "nan", "hang": "hang", "exit": "exit"}
    made = {sort: _bundle(trained, Moody.made(features, mood, seed)) for seed, (sort, mood) in enumerate(moods.items())}
    wrong = (f"{features[0]}_x", *features[1:])
    made["renamed"] = _bundle(trained, Moody.made(wrong, "fine", 20))
    other = FactorSet("drill", OTHER_FACTORS, trained.manifest.label.text)
    record = record_of(other, compile_set(other))
    model = Moody.made([name for name, _ in OTHER_FACTORS], "fine", 30)
    made["processed"] = _bundle(trained, Moody.made(features, "fine", 40), _chain(features))
    return {**made, "other": _bundle(trained, model, factor_set=record)}


def _chain(features: tuple[str, ...]) -> Chain:
    """Scores by section and by span, and no holes: one learns, one reads the section, one fills."""
    values = np.random.default_rng(2).standard_normal((len(features), 20, 10))
    symbols = tuple(f"S{place}" for place in range(10))
    block = FeatureBlock(symbols, np.arange(20), features, values, np.ones((20, 10), np.bool_))
    steps: Sequence[tuple[str, dict[str, object]]] = (
        ("cs_norm", {"method": "robust"}),
        ("ts_norm", {}),
        ("fill_na", {"fill_value": 0.0}),
    )
    return Chain.fit([make_processor(name, parameters) for name, parameters in steps], block)


def _bundle(trained: Bundle, model: Moody, chain: Chain | None = None, **changes: Any) -> Bundle:
    inputs = np.random.default_rng(1).standard_normal((len(model.features), GOLDEN_ROWS))
    whole = ProcessedModel(chain or Chain(model.features, ()), model)
    processors, fitted = encode_processors(whole.chain)
    files = {**model.save(), **fitted, INPUTS: encode_array(inputs), OUTPUTS: encode_array(whole.rehearse(inputs))}
    words: dict[str, Any] = {
        "name": NAME,
        "kind": model.kind,
        "features": model.features,
        "reference": {},
        "processors": processors,
    }
    words |= {"golden": GoldenRecord(INPUTS, OUTPUTS), "platform": platform_fingerprint(), **changes}
    return Bundle.make(replace(trained.manifest, **words), files)


def _flip(path: Path) -> None:
    body = bytearray(path.read_bytes())
    body[-1] ^= 1
    path.write_bytes(body)
