"""Training behind processors: what the bundle holds, says and answers, and which training it is."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from common.market.store import BarTable
from common.models.bundle import load_bundle, save_bundle
from common.models.processed import load_processed
from common.models.proof import prove
from common.models.reference import read_reference
from common.models.registry import Registry
from common.research.dataset import Dataset
from common.research.periods import Segment
from common.research.processing import Processing, processing_of
from common.research.training import train, train_or_reuse
from tests.common.research.small_market import PROCESSED, RECIPE, market, spanned


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> BarTable:
    """Bars of a small market."""
    return market(tmp_path_factory.mktemp("market"))


def test_the_bundle_holds_its_processors(table: BarTable, tmp_path: Path) -> None:
    """Named in the manifest, fitted numbers beside it; features are the raw ones a worker has to collect."""
    bundle = train(table.frame, spanned(table.frame))
    manifest = bundle.manifest
    assert [each["name"] for each in manifest.processors] == ["replace_inf", "cs_norm", "ts_norm", "fill_na"]
    assert manifest.processors[1]["parameters"] == {"method": "robust", "names": None}
    assert manifest.label.processing == 'drop_na(names=["label"]), cs_norm(method="zscore", names=["label"])'
    assert manifest.features == ("return_1", "average_5", "rank_1")
    assert {"processors.json", "processor-0-mean.npy", "processor-2-std.npy"} <= bundle.files.keys()
    assert "validation_share" not in manifest.training.parameters
    loaded = load_bundle(save_bundle(tmp_path, bundle))
    assert prove(loaded).chain.save() == load_processed(bundle).chain.save()


def test_without_processors_a_bundle_says_nothing_of_them(table: BarTable) -> None:
    """No file, no word, no parameter: what was on record keeps its bytes."""
    bundle = train(table.frame, RECIPE)
    assert bundle.manifest.processors == ()
    assert not [name for name in bundle.files if name.startswith("processor")]
    assert not [name for name in bundle.manifest.training.parameters if "processor" in name]


def test_the_reference_is_of_raw_factors_and_processed_answers(table: BarTable) -> None:
    """Drift is measured on what arrives, and on what is said."""
    recipe = spanned(table.frame)
    bundle, dataset = train(table.frame, recipe), Dataset.of(table, recipe)
    reference = read_reference(bundle)
    assert reference is not None
    part = dataset.part(Segment.TRAIN)
    raw = dataset.raw.factors.values[0, : part.sections[1]][part.learnt]
    mean = reference.columns.index("mean")
    assert reference.features[0, mean] == pytest.approx(np.mean(raw))
    answers = load_processed(bundle).model.predict(part.samples().features)
    assert reference.of_prediction("q100") == answers.max()


@pytest.mark.parametrize("kind", ["lightgbm", "linear"])
def test_the_same_training_gives_the_same_bundle(table: BarTable, kind: str) -> None:
    """To the byte, whatever the order of the rows."""
    recipe = replace(spanned(table.frame), kind=kind, parameters={})
    shuffled = table.frame.sample(fraction=1.0, shuffle=True, seed=5)
    assert train(table.frame, recipe) == train(shuffled, recipe)


def test_a_model_may_read_fewer_features(table: BarTable) -> None:
    """What a processor leaves out the model never sees; the worker still collects it for the others."""
    processing = processing_of(["drop_feature:names=average_5"], [])
    bundle = train(table.frame, spanned(table.frame, processing))
    model = prove(bundle)
    assert model.features == bundle.manifest.features == ("return_1", "average_5", "rank_1")
    assert model.model.features == ("return_1", "rank_1")
    assert model.detail().features == ("return_1", "rank_1")


_OTHERS = {
    "processors": processing_of(["ts_norm"], []),
    "parameters": processing_of(["cs_norm:method=zscore"], []),
    "order": processing_of(["fill_na:fill_value=0.0", "cs_norm:method=robust"], []),
    "learn": processing_of(["cs_norm:method=robust", "fill_na:fill_value=0.0"], ["cs_norm:method=zscore,names=label"]),
    "raw label": Processing(processing_of(["cs_norm:method=robust", "fill_na:fill_value=0.0"], []).infer, ()),
    "none": Processing(),
}


def test_other_processors_are_another_model(table: BarTable, tmp_path: Path) -> None:
    """Each of them counts, and equal ones are used again."""
    own = replace(RECIPE, processing=processing_of(["cs_norm:method=robust", "fill_na:fill_value=0.0"], []))
    with Registry(tmp_path, clock=lambda: 1) as registry:
        first = train_or_reuse(table.frame, own, registry, author="ann")
        assert train_or_reuse(table.frame, own, registry, author="ann").reused
        refs = [
            train_or_reuse(table.frame, replace(own, processing=other), registry, author="ann").ref
            for other in _OTHERS.values()
        ]
    assert len({first.ref, *refs}) == len(_OTHERS) + 1


def test_bars_after_the_validation_span_are_no_other_training(table: BarTable, tmp_path: Path) -> None:
    """The key knows the bars that decide, and no others."""
    recipe = replace(spanned(table.frame), processing=PROCESSED)
    with Registry(tmp_path, clock=lambda: 1) as registry:
        train_or_reuse(table.frame, recipe, registry, author="ann")
        assert train_or_reuse(recipe.seen(table.frame), recipe, registry, author="ann").reused
