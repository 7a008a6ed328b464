"""A model behind its processors: one section as a history, out of the bundle as into it."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import BundleError, ModelError
from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import FeatureBlock
from common.factors.processors.table import PROCESSORS
from common.models.bundle import Bundle
from common.models.golden import encode_array
from common.models.kinds import KINDS
from common.models.processed import load_processed
from common.models.processors import Words
from common.models.proof import prove
from common.models.scoring import Scoring
from tests.common.models.processed_samples import CHAINS, behind, bundle_behind, sections
from tests.common.models.sample_bundle import bundle_of, samples

MODEL = cache(behind)
"""Fitted once a chain and kind."""


def alone(block: FeatureBlock, section: int, symbols: list[int]) -> FeatureBlock:
    """One section of some symbols, as a worker gets it."""
    return replace(
        block,
        symbols=tuple(block.symbols[place] for place in symbols),
        stamp=block.stamp[section : section + 1],
        values=np.ascontiguousarray(block.values[:, section : section + 1][:, :, symbols]),
        rows=np.ascontiguousarray(block.rows[section : section + 1, symbols]),
    )


def bits(values: object) -> list[int]:
    """Numbers as their bits."""
    found: list[int] = np.ascontiguousarray(values, dtype=np.float64).view(np.int64).tolist()
    return found


def test_every_processor_stands_in_a_chain() -> None:
    """A new one without a case fails here."""
    assert {name for chain in CHAINS.values() for name, _ in chain} == set(PROCESSORS)


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("kind", ["lightgbm", "linear"])
@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32 - 1), out=st.sampled_from([0.0, 0.2, 0.7]))
def test_a_section_alone_has_the_bits_it_has_in_a_history(chain: str, kind: str, seed: int, out: float) -> None:
    """Whoever else is in the array: symbols that do not count there may be left out, or be there."""
    block, model = sections(seed, out=out), MODEL(chain, kind)
    whole = model.answer(block)
    for section in range(len(block.stamp)):
        counted = np.flatnonzero(block.rows[section]).tolist()
        for symbols in (list(range(len(block.symbols))), counted):
            found = model.answer(alone(block, section, symbols))
            assert bits(found.values[0]) == bits(whole.values[section, symbols])
            assert found.rows[0].tolist() == whole.rows[section, symbols].tolist()


@pytest.mark.parametrize("chain", CHAINS)
def test_a_row_has_a_value_where_the_model_has_an_opinion(chain: str) -> None:
    """Rows that do not count, or were dropped, are NaN and flagged; no other is."""
    block = sections(7)
    found = MODEL(chain, "lightgbm").answer(block)
    np.testing.assert_array_equal(np.isfinite(found.values), found.rows)
    assert not (found.rows & ~block.rows).any()
    drops = any(name == "drop_na" for name, _ in CHAINS[chain])
    assert bool(found.rows.sum() < block.rows.sum()) is drops


def test_the_sections_are_left_as_they_are() -> None:
    """Processors work on a copy."""
    block = sections(7)
    before = block.copy()
    MODEL("several", "linear").answer(block)
    np.testing.assert_array_equal(block.values, before.values)
    np.testing.assert_array_equal(block.rows, before.rows)


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("kind", list(KINDS))
def test_a_bundle_answers_as_the_model_did(chain: str, kind: str) -> None:
    """Golden answers hold, and any section has the same bits before and after."""
    bundle, block = bundle_behind(chain, kind), sections(5)
    loaded = prove(bundle)
    assert loaded.reads_sections
    assert bits(loaded.answer(block).values) == bits(behind(chain, kind).answer(block).values)


@pytest.mark.parametrize("chain", ["several", "drop_feature", "cs_norm"])
def test_a_faster_scorer_has_the_same_bits(chain: str) -> None:
    """It is proven on what the processors make of the golden inputs."""
    bundle, block = bundle_behind(chain, "lightgbm"), sections(5)
    plain, fast = prove(bundle), prove(bundle)
    assert fast.accelerate(bundle.golden()).refusal == ""
    assert bits(fast.answer(block).values) == bits(plain.answer(block).values)


def test_processors_that_break_in_the_proof_are_alarming(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model is served by its library all the same."""
    bundle, block = bundle_behind("cs_norm", "lightgbm"), sections(5)
    loaded, golden = prove(bundle), bundle.golden()
    expected, right = bits(loaded.answer(block).values), Chain.apply

    def broken(_self: Chain, _block: FeatureBlock) -> FeatureBlock:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setattr(Chain, "apply", broken)
    assert loaded.accelerate(golden) == Scoring("lightgbm", "ZeroDivisionError: on purpose", alarming=True)
    monkeypatch.setattr(Chain, "apply", right)
    assert bits(loaded.answer(block).values) == expected


def test_a_bundle_without_processors_is_the_model() -> None:
    """Rows that do not count have no answer, the others the model's own."""
    model, block = load_processed(bundle_of("linear")), sections(3)
    matrix = samples(20, seed=3).features
    assert not model.reads_sections
    assert bits(model.rehearse(matrix)) == bits(model.model.predict(matrix))
    flat = model.model.predict(block.values.reshape(3, -1)).reshape(block.rows.shape)
    assert bits(model.answer(block).values) == bits(np.where(block.rows, flat, np.nan))


def test_rows_without_their_section_are_refused() -> None:
    """A section's mean is not to be guessed from whoever happens to be there."""
    with pytest.raises(ModelError, match="who counts"):
        MODEL("cs_norm", "linear").predict(samples(4).features)


def test_verify_goes_through_the_processors() -> None:
    """Another learnt number is another answer, and that is found."""
    bundle = bundle_behind("ts_norm")
    files = {**bundle.files, "processor-0-mean.npy": encode_array(np.array([0.0, 1.0, 2.0]))}
    with pytest.raises(BundleError, match="golden outputs differ"):
        prove(Bundle.make(bundle.manifest, files))


@pytest.mark.parametrize(
    "processors",
    [
        ({"name": "fill_na", "parameters": {"fill_value": 1.0, "fill_label": True}},),
        ({"name": "fill_na", "parameters": {"fill_value": 0.0, "fill_label": True}},) * 2,
        ({"name": "drop_na", "parameters": {"names": None}},),
    ],
)
def test_a_manifest_that_names_other_processors_is_refused(processors: tuple[Words, ...]) -> None:
    """What it says is what is applied."""
    bundle = bundle_behind("fill_na")
    manifest = replace(bundle.manifest, processors=processors)
    with pytest.raises(BundleError, match="not those its manifest names"):
        load_processed(Bundle.make(manifest, bundle.files))


def test_a_manifest_that_forgets_its_processors_is_refused() -> None:
    """The golden answers do not hold without them."""
    bundle = bundle_behind("cs_norm")
    with pytest.raises(BundleError, match="golden outputs differ"):
        prove(Bundle.make(replace(bundle.manifest, processors=()), bundle.files))


@pytest.mark.parametrize("file", ["processors.json", "processor-0-mean.npy"])
def test_a_bundle_that_lacks_a_file_of_its_processors_is_refused(file: str) -> None:
    """By the file's name."""
    bundle = bundle_behind("ts_norm")
    files = {name: body for name, body in bundle.files.items() if name != file}
    with pytest.raises(BundleError, match=file):
        load_processed(Bundle.make(bundle.manifest, files))
