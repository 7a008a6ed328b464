"""A factor set in a manifest: it comes back as it was, and says what it cannot carry."""

import dataclasses
import json

import pytest

from common.errors import BundleError, FactorError
from common.factors.own_operators import composition, window_operator
from common.factors.plan import compile_set
from common.factors.sets import FactorSet, load_set, shipped_sets
from common.models.bundle import load_manifest, save_bundle
from common.models.factor_record import record_of, set_of
from common.models.manifest import FactorRecord, LabelRecord, decode_manifest, encode_manifest
from tests.common.factors.panels import Floats
from tests.common.models.sample_bundle import draft, sketch

LABEL = "ts_delay(close, -1) / close - 1"


@window_operator("ts_end(x, window)")
def ts_end(values: Floats) -> float:
    """Newest of a window."""
    return values[-1]  # type: ignore[no-any-return]  # a number


SETS = [
    *(load_set(name) for name in shipped_sets()),
    FactorSet("gaps", (("a", "close"),), LABEL, max_gap=3),
    FactorSet("days", (("a", "close"),), LABEL, reset="session"),
    FactorSet(
        "composed", (("a", "gap(close)"),), "gap(ts_delay(close, -1))", operators=(composition("gap(x)", "x - open"),)
    ),
]


@pytest.mark.parametrize("factor_set", SETS, ids=lambda each: each.name)
def test_the_plan_comes_back(factor_set: FactorSet) -> None:
    """Through the manifest's bytes: the same digest, and so the same topic and the same bits."""
    plan, alone = compile_set(factor_set), factor_set.written_out()
    manifest = draft(factor_set=record_of(factor_set, plan), label=LabelRecord(alone.label, 1))
    found = set_of(decode_manifest(encode_manifest(manifest)))
    assert compile_set(found).digest == plan.digest
    assert found == alone


def test_code_does_not_come_back() -> None:
    """What only the set's own file has is named."""
    own = FactorSet("own", (("a", "ts_end(close, 3)"),), LABEL, operators=(ts_end,))
    manifest = draft(factor_set=record_of(own, compile_set(own)))
    assert decode_manifest(encode_manifest(manifest)).factor_set.operators == ("ts_end",)
    with pytest.raises(FactorError, match=r"factor set 'own' calls ts_end, whose code is in the set's own file; name"):
        set_of(manifest)


def test_what_is_left_out_leaves_no_trace() -> None:
    """Manifests from before these keys keep their bytes, and so their names."""
    body = json.loads(encode_manifest(draft()))
    assert set(body["factor_set"]) == {"name", "plan", "factors"}
    record = FactorRecord("a", "0" * 64, (("a", "close"),), 3, "session", ("ts_end",))
    assert set(json.loads(encode_manifest(draft(factor_set=record)))["factor_set"]) == {
        each.name for each in dataclasses.fields(FactorRecord)
    }


def test_a_manifest_is_read_alone(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without the bundle's other files, and verified all the same."""
    bundle = sketch()
    folder = save_bundle(tmp_path_factory.mktemp("bundles"), bundle)
    (folder / "notes.txt").unlink()
    assert load_manifest(folder) == bundle.manifest
    (folder / "manifest.json").write_bytes(encode_manifest(draft("other")))
    with pytest.raises(BundleError, match="not the folder's name"):
        load_manifest(folder)
    (folder / "manifest.json").unlink()
    with pytest.raises(BundleError, match=r"manifest\.json cannot be read"):
        load_manifest(folder)
