"""The synthetic model is what it is said to be."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from common.models.bundle import load_bundle
from common.models.golden import check_golden
from common.models.kinds import load_predictor
from common.models.predictor import Predictor
from common.models.scoring import accelerate
from scripts.bench.subject import Shape, Subject
from scripts.bench.subject_models import LEAVES, boosted, linear, perceptron

TREES = 12


def test_every_tree_is_kept_and_full(tmp_path: Path) -> None:
    """No early stop takes trees away, and each has its leaves; the bundle on disk answers like the model here."""
    steps: list[None] = []
    random = np.random.default_rng(1)
    model = boosted(4, TREES, random, lambda: steps.append(None))
    subject = Subject.of(tmp_path, Shape(30, 4), model, random)
    bundle = load_bundle(subject.folder)
    text = bundle.file("model.txt").decode()
    assert text.count("\nTree=") == TREES == len(steps)
    assert text.count(f"num_leaves={LEAVES}\n") == TREES
    section = subject.sections[-1]
    assert section.shape == (4, 30)
    np.testing.assert_array_equal(load_predictor(bundle).predict(section), subject.model.predict(section))


@pytest.mark.parametrize("kind", ["lightgbm", "linear", "mlp"])
def test_any_kind_answers_here_as_a_child_answers(tmp_path: Path, kind: str) -> None:
    """Our own trees score for both; the others have one way only."""
    random = np.random.default_rng(1)
    made: dict[str, Callable[[], Predictor]] = {
        "lightgbm": lambda: boosted(4, 3, random, lambda: None),
        "linear": lambda: linear(4, random),
        "mlp": lambda: perceptron(4, (3,), random),
    }
    subject = Subject.of(tmp_path, Shape(30, 4), made[kind](), random)
    loaded, golden = load_predictor(load_bundle(subject.folder)), load_bundle(subject.folder).golden()
    check_golden(golden, subject.model.predict(golden.inputs), 0.0)
    accelerate(loaded, golden)
    section = subject.sections[0]
    np.testing.assert_array_equal(loaded.predict(section), subject.model.predict(section))
