"""What is put on record."""

from typing import Any

import numpy as np
import polars as pl
import pytest

from common.models.bundle import Bundle
from common.models.golden import check_golden
from common.models.manifest import encode_manifest
from common.models.processed import load_processed
from common.models.reference import read_reference
from common.research.migration.export import Export
from common.research.migration.migration import Migration, migrate
from common.research.migration.predictions import Limit
from common.research.migration.registration import bundle_of
from common.research.migration.weights import model_of, read_weights
from tests.common.research.migration.exports import FILL, SAME, Lab, candidate, change, make_export

WORDS: dict[str, dict[str, Any]] = {
    "lasso": {"kind": "lasso", "coefficients": [0.5, -2.0, 0.1], "intercept": 0.0},
    "mlp": {
        "kind": "mlp",
        "layers": [
            {"layer": "Linear", "weight": [[1.0, 0.0, -1.0], [0.0, -1.0, 2.0]], "bias": [0.0, 0.5]},
            {"layer": "LeakyReLU", "negative_slope": 0.1},
            {"layer": "Linear", "weight": [[1.0, -3.0]], "bias": [0.5]},
        ],
    },
}


@pytest.fixture(scope="module")
def taken(lab: Lab) -> Migration:
    """A model whose predictions stay, behind a processor."""
    folder = make_export(lab, "kept", SAME, infer=[FILL])
    return migrate(candidate(lab, folder), Limit())


@pytest.fixture(scope="module")
def bundle(taken: Migration) -> Bundle:
    """Its bundle."""
    return bundle_of(taken)


def test_the_manifest_is_complete(taken: Migration, bundle: Bundle) -> None:
    """Factors, label, spans as in vnpy, processors, statistics, and where it comes from."""
    manifest = bundle.manifest
    assert (manifest.name, manifest.kind, manifest.features) == ("taken", "lightgbm", tuple(SAME))
    assert dict(manifest.factor_set.factors) == SAME
    assert manifest.label.horizon_bars == 3
    assert "drop_na" in manifest.label.processing
    assert [each["name"] for each in manifest.processors] == ["fill_na"]
    assert set(manifest.spans) == {"training", "validation"}
    assert manifest.scores["training_rank_ic_sections"] > 100
    parameters = manifest.training.parameters
    assert (parameters["taken_over_from"], parameters["dataset"], parameters["model"]) == ("vnpy 4.5.0", "mine", "kept")
    assert parameters["parameters"] == {"learning_rate": 0.1, "seed": 1}
    reference = read_reference(bundle)
    assert reference is not None
    assert np.isfinite(reference.features).all()
    assert len(encode_manifest(manifest)) > 1000
    assert taken.holds


def test_it_answers_as_it_did(taken: Migration, bundle: Bundle) -> None:
    """Golden answers from its own files, and vnpy's predictions from ours."""
    model, golden = load_processed(bundle), bundle.golden()
    check_golden(golden, model.rehearse(golden.inputs), 0.0)
    raw = taken.candidate.dataset.raw
    answers = model.answer(raw.block(0, len(raw.time))).values
    rows = taken.candidate.export.predictions.filter(segment="test")
    assert np.isfinite(answers).sum() > rows.height


def test_nothing_after_validation_is_in_it(lab: Lab, taken: Migration, bundle: Bundle) -> None:
    """The same export over bars that end with the validation span gives the data and the answers on record."""
    last = taken.candidate.recipe.periods
    assert last is not None
    data = bundle.manifest.data
    assert data.sections < taken.candidate.bars["time"].n_unique()
    assert data.rows == taken.candidate.bars.filter(taken.candidate.bars["stamp"] <= last.valid.last).height


def test_equal_migrations_give_equal_bytes(lab: Lab, bundle: Bundle) -> None:
    """Read, compared and put together again."""
    folder = lab.folder / "export" / "migration" / "kept"
    assert Export.read(folder).features == tuple(SAME)
    again = bundle_of(migrate(candidate(lab, folder), Limit()))
    assert again.digest == bundle.digest


@pytest.mark.parametrize("kind", WORDS)
def test_every_kind_can_be_put_on_record(lab: Lab, kind: str) -> None:
    """Sums and networks beside trees: predictions stay, and the bundle gives its golden answers."""
    folder = make_export(lab, f"kind-{kind}", SAME, infer=[FILL])
    words = {**WORDS[kind], "features": list(SAME), "parameters": {"alpha": 1e-5}}
    change(folder, weights=words)
    inferred = pl.read_parquet(folder / "inferred.parquet")
    rows = pl.read_parquet(folder / "predictions.parquet").join(inferred, on=["datetime", "vt_symbol"])
    matrix = np.ascontiguousarray(rows.select(list(SAME)).to_numpy().T)
    answers = model_of(read_weights(words), tuple(SAME), matrix).predict(matrix)
    told = rows.select("datetime", "vt_symbol", "segment", pl.Series("prediction", answers))
    told.write_parquet(folder / "predictions.parquet")
    found = migrate(candidate(lab, folder), Limit())
    assert found.holds
    made = bundle_of(found)
    model, golden = load_processed(made), made.golden()
    check_golden(golden, model.rehearse(golden.inputs), made.manifest.golden.tolerance)
    assert made.manifest.kind == {"lasso": "linear", "mlp": "mlp"}[kind]
