"""What holds for every processor: found by existing, deterministic, local to a section, kept by save and load."""

import importlib
import pkgutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from common.factors import processors
from common.factors.processors.chain import Chain
from common.factors.processors.feature_block import LABEL, FeatureBlock
from common.factors.processors.processor import Learnt, Processor
from common.factors.processors.table import PROCESSORS, TABLE, make_processor
from tests.common.factors.processors.blocks import (
    FEATURES,
    assert_same_block,
    blocks,
    cut,
    feature_block,
    pick,
    section_of,
)
from tests.common.factors.processors.examples import EXAMPLES

EVERY = pytest.mark.parametrize("processor", EXAMPLES.values(), ids=EXAMPLES)
FOR_FEATURES = {name: each for name, each in EXAMPLES.items() if LABEL not in (each.parameters.get("names") or ())}
FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def without_label(block: FeatureBlock) -> FeatureBlock:
    """Features alone, as they come live."""
    values = np.ascontiguousarray(block.values[: len(FEATURES)])
    return FeatureBlock(block.symbols, block.stamp, FEATURES, values, block.rows)


def _modules() -> list[pkgutil.ModuleInfo]:
    return list(pkgutil.iter_modules(processors.__path__))


def test_the_table_holds_every_processor() -> None:
    """Each module of the package is imported; whatever is a Processor there is in the table, under its own name."""
    modules = [importlib.import_module(f"{processors.__name__}.{each.name}") for each in _modules()]
    found = {value for module in modules for value in vars(module).values() if isinstance(value, type)}
    assert set(TABLE) == {each for each in found if issubclass(each, Processor)} - {Processor}
    assert len(PROCESSORS) == len(TABLE)


def test_they_are_the_nine_of_vnpy() -> None:
    """By name; each stands in a file of its own."""
    names = "cs_fill_na cs_norm cs_rank_norm drop_feature drop_na fill_na replace_inf robust_zscore_norm ts_norm"
    assert sorted(PROCESSORS) == names.split()
    folder = Path(processors.__path__[0])
    assert [name for name in PROCESSORS if not (folder / f"{name}.py").exists()] == []


def test_every_processor_has_an_example() -> None:
    """So that the tests below are about all of them."""
    assert {each.name for each in EXAMPLES.values()} == set(PROCESSORS)


@pytest.mark.parametrize("each", TABLE, ids=lambda each: each.name)
def test_every_processor_says_what_it_does(each: type[Processor]) -> None:
    """In one line each for the table, and in its docstring."""
    assert each.summary
    assert each.formula
    assert each.missing
    assert each.__doc__


@EVERY
@FEW
@given(block=blocks(), data=st.data())
def test_one_section_is_as_a_history(processor: Processor, block: FeatureBlock, data: st.DataObject) -> None:
    """To the bit, whichever section, and however history is cut."""
    chain = Chain.fit([processor], block)
    whole = chain.apply(block)
    for section in range(len(block.stamp)):
        assert_same_block(chain.apply(section_of(block, section)), section_of(whole, section))
    middle = data.draw(st.integers(0, len(block.stamp)))
    assert_same_block(chain.apply(cut(block, middle, len(block.stamp))), cut(whole, middle, len(block.stamp)))


@pytest.mark.parametrize("processor", FOR_FEATURES.values(), ids=FOR_FEATURES)
@FEW
@given(block=blocks())
def test_the_label_does_not_matter_to_features(processor: Processor, block: FeatureBlock) -> None:
    """Live there is none: what is fitted with a label serves blocks without one, to the same bits."""
    chain = Chain.fit([processor], block)
    features, both = chain.apply(without_label(block)), chain.apply(block)
    np.testing.assert_array_equal(features.values, both.values[: len(features.names)])
    assert_same_block(Chain.fit([processor], without_label(block)).apply(without_label(block)), features)


@EVERY
@FEW
@given(block=blocks(symbols=5), strangers=st.integers(1, 4), seed=st.integers(0, 2**32 - 1))
def test_rows_that_do_not_count_do_not_matter(
    processor: Processor, block: FeatureBlock, strangers: int, seed: int
) -> None:
    """Neither what they hold nor whether they are in the array at all, in the fit and in the result."""
    total = len(block.symbols) + strangers
    wide = feature_block(seed, len(block.stamp), total)
    chosen = sorted(np.random.default_rng(seed).permutation(total)[: len(block.symbols)].tolist())
    wide.rows[:] = False
    wide.rows[:, chosen] = block.rows
    wide.values[:, :, chosen] = block.values
    named = FeatureBlock(
        tuple(wide.symbols[place] for place in chosen), block.stamp, block.names, block.values, block.rows
    )
    processed = Chain.fit([processor], wide).apply(wide)
    assert_same_block(pick(processed, chosen), Chain.fit([processor], named).apply(named))


@EVERY
@FEW
@given(block=blocks(), other=blocks())
def test_the_future_does_not_matter(processor: Processor, block: FeatureBlock, other: FeatureBlock) -> None:
    """Sections after those fitted on, whatever they hold and whoever is in them, change neither numbers nor values."""
    end = len(block.stamp) // 2 + 1
    trained = cut(block, 0, end)
    assume(trained.rows.any())
    chain = Chain.fit([processor], trained)
    assert Chain.fit([processor], block.between(0, int(block.stamp[end - 1]))).save() == chain.save()
    changed = block.copy()
    changed.rows[end:] = ~changed.rows[end:]
    changed.values[:, end:] = other.values[:, :1, :1]
    assert_same_block(cut(chain.apply(changed), 0, end), chain.apply(trained))


@EVERY
@FEW
@given(block=blocks())
def test_saved_and_loaded_is_as_fitted(processor: Processor, block: FeatureBlock) -> None:
    """Through bytes, to the bit; equal chains give equal bytes."""
    chain = Chain.fit([processor], block)
    files = chain.save()
    loaded = Chain.load(files)
    assert loaded.inputs == chain.inputs
    assert [step.processor for step in loaded.steps] == [processor]
    assert loaded.save() == files == Chain.fit([processor], block).save()
    assert_same_block(loaded.apply(block), chain.apply(block))


@EVERY
@FEW
@given(block=blocks())
def test_nothing_given_is_changed(processor: Processor, block: FeatureBlock) -> None:
    """Neither by a fit nor by applying it."""
    before = block.copy()
    Chain.fit([processor], block).apply(block)
    np.testing.assert_array_equal(block.values, before.values)
    np.testing.assert_array_equal(block.rows, before.rows)


@EVERY
def test_parameters_make_it_again(processor: Processor) -> None:
    """They are what JSON has words for."""
    assert make_processor(processor.name, processor.parameters) == processor


@EVERY
def test_arrays_are_those_it_says(processor: Processor) -> None:
    """Over columns, or over columns and symbols, little-endian doubles."""
    block = feature_block(1)
    learnt: Learnt = processor.fit(block)
    assert set(learnt.numbers) == set(processor.learns)
    assert all(array.dtype == np.float64 for array in learnt.numbers.values())
    shape = (len(learnt.columns), len(learnt.symbols)) if processor.by_symbol else (len(learnt.columns),)
    assert {array.shape for array in learnt.numbers.values()} <= {shape}
