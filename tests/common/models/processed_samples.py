"""Small models behind processors, for tests: one chain or more of every processor."""

from dataclasses import replace

import numpy as np

from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.table import make_processor
from common.models.bundle import Bundle
from common.models.fingerprint import platform_fingerprint
from common.models.golden import encode_array
from common.models.kinds import model_class
from common.models.manifest import GoldenRecord
from common.models.predictor import Samples
from common.models.processed import ProcessedModel, matrix_of
from common.models.processors import encode_processors, outputs
from tests.common.models.sample_bundle import NAMES, QUICK, draft, samples

CHAINS: dict[str, tuple[tuple[str, dict[str, object]], ...]] = {
    "drop_na": (("drop_na", {}),),
    "fill_na": (("fill_na", {"fill_value": 0.0}),),
    "replace_inf": (("replace_inf", {}),),
    "cs_fill_na": (("cs_fill_na", {"names": ["gamma"]}),),
    "cs_norm": (("cs_norm", {"method": "zscore"}),),
    "cs_rank_norm": (("cs_rank_norm", {"names": ["alpha", "beta"]}),),
    "robust_zscore_norm": (("robust_zscore_norm", {}),),
    "ts_norm": (("ts_norm", {}),),
    "drop_feature": (("drop_feature", {"names": ["beta"]}),),
    "several": (
        ("replace_inf", {}),
        ("drop_feature", {"names": ["beta"]}),
        ("drop_na", {"names": ["gamma"]}),
        ("cs_norm", {"method": "robust"}),
        ("ts_norm", {}),
        ("fill_na", {"fill_value": 0.0}),
    ),
}


def sections(seed: int, count: int = 9, symbols: int = 12, out: float = 0.2) -> FeatureBlock:
    """Sections of three features with holes and an infinite value, of which some rows do not count."""
    random = np.random.default_rng(seed)
    values = random.standard_normal((len(NAMES), count, symbols))
    values[2][random.random((count, symbols)) < 0.2] = np.nan
    values[1][random.random((count, symbols)) < 0.05] = np.inf
    names = tuple(f"S{place:03d}" for place in range(symbols))
    return FeatureBlock(names, np.arange(count, dtype=np.int64), NAMES, values, random.random((count, symbols)) >= out)


def behind(chain: str, kind: str = "linear") -> ProcessedModel:
    """A model of a kind behind processors, all fitted on the same sections."""
    block = sections(1, 40)
    fitted = Chain.fit([make_processor(name, parameters) for name, parameters in CHAINS[chain]], block)
    matrix = matrix_of(fitted.apply(block))
    made = Samples(matrix, samples(matrix.shape[1]).labels)
    return ProcessedModel(
        fitted, model_class(kind).fit(made, made, outputs(fitted), QUICK[kind], lambda _done, _most: None)
    )


def bundle_behind(chain: str, kind: str = "linear") -> Bundle:
    """The same as a whole bundle whose golden answers hold."""
    model = behind(chain, kind)
    words, files = encode_processors(model.chain)
    inputs = samples(20, seed=3).features
    inputs[1, 5] = np.inf
    manifest = replace(
        draft(kind=kind, platform=platform_fingerprint()),
        processors=words,
        golden=GoldenRecord("golden_inputs.npy", "golden_outputs.npy", model.model.golden_tolerance),
    )
    golden = {"golden_inputs.npy": encode_array(inputs), "golden_outputs.npy": encode_array(model.rehearse(inputs))}
    return Bundle.make(manifest, {**model.model.save(), **files, **golden})
