"""Every kind is served by the executor's child as it is, a user's own among them."""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from common.models.bundle import Bundle, save_bundle
from common.models.kinds import KINDS, encode_kinds, load_predictor
from services.inference_worker.executor.exchange import Answer, Failed, Ready
from services.inference_worker.executor.executor import Executor
from tests.common.models.own_kind import MeanModel
from tests.common.models.sample_bundle import NAMES, bundle_of, make_bundle, samples
from tests.services.inference_worker.children import next_message

OWN = {"mean": "tests.common.models.own_kind:MeanModel"}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_child_serves_every_kind(kind: str, tmp_path: Path) -> None:
    """Its answers have the bits of a direct call."""
    features = samples(50, seed=5).features
    expected = load_predictor(bundle_of(kind)).predict(features)
    np.testing.assert_array_equal(_answered(tmp_path, bundle_of(kind), features), expected)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_child_has_one_thread(kind: str, tmp_path: Path) -> None:
    """Also once it has scored: nobody who asked for one core pays for another."""
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    executor = Executor.start(save_bundle(tmp_path, bundle_of(kind)), environment=environment)
    try:
        assert isinstance(next_message(executor), Ready)
        executor.submit(samples(5_000, seed=5).features, bar=1)
        assert isinstance(next_message(executor), Answer)
        assert len(list(Path(f"/proc/{executor.pid}/task").iterdir())) == 1
    finally:
        executor.kill()


def test_a_child_serves_a_users_own_kind(tmp_path: Path) -> None:
    """When its environment names the class; otherwise it says which kinds there are."""
    model = MeanModel.fit(samples(20), samples(20), NAMES, {}, lambda _done, _most: None)
    bundle, features = make_bundle("own", model, kind="mean"), samples(5).features
    np.testing.assert_array_equal(_answered(tmp_path, bundle, features, encode_kinds(OWN)), np.full(5, model.mean))
    executor = Executor.start(save_bundle(tmp_path, bundle), environment=os.environ)
    try:
        failed = next_message(executor)
    finally:
        executor.kill()
    assert isinstance(failed, Failed)
    assert "no model kind 'mean'" in failed.reason


def _answered(
    root: Path,
    bundle: Bundle,
    features: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    more: Mapping[str, str] = {},
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    executor = Executor.start(save_bundle(root, bundle), environment={**os.environ, **more})
    try:
        assert isinstance(next_message(executor), Ready)
        executor.submit(features, bar=1)
        answer = next_message(executor)
    finally:
        executor.kill()
    assert isinstance(answer, Answer)
    return answer.values
