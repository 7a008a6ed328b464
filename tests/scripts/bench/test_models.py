"""The models' benchmark, small: every kind beside its library and through a child, in the one form."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from alphabus.clock import SystemClock
from common.errors import PipelineError
from common.models.kinds import KINDS
from common.models.predictor import Predictor
from scripts.bench import models
from scripts.bench.model_peers import one_thread, peers_of
from scripts.bench.models import measure
from scripts.bench.subject import Floats, Shape
from scripts.bench.subject_models import boosted, linear, perceptron

SMALL = Shape(40, 6)


def made(random: np.random.Generator) -> dict[str, Predictor]:
    """Return a small model of every kind."""
    return {
        "lightgbm": boosted(6, 3, random, lambda: None),
        "linear": linear(6, random),
        "mlp": perceptron(6, (5, 3), random),
    }


@pytest.mark.e2e
def test_every_kind_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside each of its peers, to a child and back, and what the child adds."""
    monkeypatch.setattr(models, "SHAPES", (SMALL,))

    def track(_what: str, _steps: int) -> Callable[[], None]:
        return lambda: None

    rows = measure(tmp_path, 3, 10, SystemClock(), track)
    for kind in ("linear", "mlp 64 x 32", "lightgbm 3 x 31"):
        here = [row for row in rows if f", {kind}, p50" in row.what]
        assert {row.what.split(",")[0] for row in here} == {"score", "round trip", "overhead"}
        assert all(row.ours is not None and row.ratio is not None for row in here)


def test_every_kind_has_a_peer_that_gives_its_scores() -> None:
    """Missing and infinite values included; torch's float64 nearly to the bit."""
    random = np.random.default_rng(1)
    kinds = made(random)
    assert set(kinds) == set(KINDS)
    values = random.standard_normal((6, 50))
    values[:, :5] = np.nan
    values[0, 5:8] = np.inf
    with one_thread(), np.errstate(invalid="ignore"):
        for kind, model in kinds.items():
            peers = peers_of(model)
            assert peers, kind
            for name, score in peers.items():
                loose = 1e-3 if name.endswith("32") else 1e-12
                found = np.asarray(score(values), np.float64).reshape(-1)
                np.testing.assert_allclose(found, model.predict(values), rtol=loose, atol=loose)


def test_a_peer_that_scores_otherwise_is_no_comparison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would be another model's figure."""

    def wrong(_model: Predictor) -> dict[str, Callable[[Floats], Floats]]:
        return {"wrong": lambda values: values[0] + 1e9}

    monkeypatch.setattr(models, "SHAPES", (SMALL,))
    monkeypatch.setattr(models, "peers_of", wrong)
    with pytest.raises(PipelineError, match="wrong gives other scores"):
        measure(tmp_path, 3, 10, SystemClock(), lambda _what, _steps: lambda: None)
