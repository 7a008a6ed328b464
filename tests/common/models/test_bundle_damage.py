"""Damaged bundles are refused: every truncation and every bit flip of small ones, a thousand of a real one.

Of those under 64 kB a part is drawn by a fixed seed; ALPHABUS_LONG=1 tries all of them, in two or three minutes.
"""

from pathlib import Path

import numpy as np
import pytest

from common.errors import BundleError
from common.models.bundle import Bundle, load_bundle, save_bundle
from common.models.fingerprint import platform_fingerprint
from common.models.golden import encode_array
from common.models.kinds import KINDS
from common.models.lightgbm import LightGBMModel
from common.models.manifest import GoldenRecord
from common.models.predictor import Samples
from tests.common.models.damage import flips, is_long, truncations
from tests.common.models.sample_bundle import bundle_of, draft

SMALL = 64 << 10
SAMPLED = None if is_long() else 1000
EVERY_KIND = pytest.mark.parametrize("kind", sorted(KINDS))


def real_bundle() -> Bundle:
    """A hundred features, two hundred trees: what a trained model looks like."""
    random = np.random.default_rng(1)
    names = tuple(f"factor_{place}" for place in range(100))
    features = random.standard_normal((100, 3000))
    samples = Samples(features, features[:20].sum(axis=0) + random.standard_normal(3000))
    model = LightGBMModel.fit(
        samples, samples, names, {"rounds": 200, "min_data_in_leaf": 20}, lambda _done, _most: None
    )
    golden = {
        "golden_inputs.npy": encode_array(features[:, :64]),
        "golden_outputs.npy": encode_array(model.predict(features[:, :64])),
    }
    record = GoldenRecord("golden_inputs.npy", "golden_outputs.npy")
    manifest = draft("real", features=names, golden=record, platform=platform_fingerprint())
    return Bundle.make(manifest, {**model.save(), **golden})


@EVERY_KIND
def test_a_small_bundle_is_small(kind: str, tmp_path: Path) -> None:
    """Or the tests here try less than they say."""
    folder = save_bundle(tmp_path, bundle_of(kind))
    assert sum(path.stat().st_size for path in folder.iterdir()) < SMALL


@EVERY_KIND
def test_every_flipped_bit_is_found(kind: str, tmp_path: Path) -> None:
    """In weights, golden answers and manifest alike."""
    folder = save_bundle(tmp_path, bundle_of(kind))
    tried = 0
    for what in flips(folder, SAMPLED):
        _assert_refused(folder, what)
        tried += 1
    assert tried >= 1000
    assert load_bundle(folder) == bundle_of(kind)


@EVERY_KIND
def test_every_truncation_is_found(kind: str, tmp_path: Path) -> None:
    """At any length, the empty file among them."""
    folder = save_bundle(tmp_path, bundle_of(kind))
    tried = 0
    for what in truncations(folder, SAMPLED):
        _assert_refused(folder, what)
        tried += 1
    assert tried >= 1000
    assert load_bundle(folder) == bundle_of(kind)


def test_a_thousand_flips_of_a_real_bundle_are_found(tmp_path: Path) -> None:
    """One of some hundred kilobytes; a bit of its trees would change answers without an error."""
    folder = save_bundle(tmp_path, real_bundle())
    assert sum(path.stat().st_size for path in folder.iterdir()) > SMALL
    for what in flips(folder, 1000):
        _assert_refused(folder, what)


def _assert_refused(folder: Path, what: str) -> None:
    try:
        load_bundle(folder)
    except BundleError:
        return
    pytest.fail(f"{what}: loaded")
