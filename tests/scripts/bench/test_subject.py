"""The synthetic model is what it is said to be."""

from pathlib import Path

import numpy as np

from common.models.bundle import load_bundle
from common.models.kinds import load_predictor
from scripts.bench.subject import LEAVES, Shape, Subject

TREES = 12


def test_every_tree_is_kept_and_full(tmp_path: Path) -> None:
    """No early stop takes trees away, and each has its leaves; the bundle on disk answers like the model here."""
    steps: list[None] = []
    random = np.random.default_rng(1)
    subject = Subject.make(tmp_path, Shape(30, 4), TREES, random, lambda: steps.append(None))
    bundle = load_bundle(subject.folder)
    text = bundle.file("model.txt").decode()
    assert text.count("\nTree=") == TREES == len(steps)
    assert text.count(f"num_leaves={LEAVES}\n") == TREES
    section = subject.sections[-1]
    assert section.shape == (4, 30)
    np.testing.assert_array_equal(load_predictor(bundle).predict(section), subject.model.predict(section))
