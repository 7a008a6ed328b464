"""Shared memory: both sides see the same numbers, and it can only grow."""

import os

import numpy as np
import pytest

from services.inference_worker.executor.slate import Slate


def test_both_sides_see_the_same_numbers() -> None:
    """A second slate over the same memory reads what the first wrote, also after it has grown."""
    ours = Slate.create()
    theirs = Slate(os.dup(ours.descriptor))
    for features, symbols in ((2, 3), (16, 5000), (2, 3), (158, 5000)):
        values = np.random.default_rng(symbols).standard_normal((features, symbols))
        ours.grow(features, symbols)
        ours.features(features, symbols)[...] = values
        np.testing.assert_array_equal(theirs.features(features, symbols), values)
        theirs.predictions(features, symbols)[...] = values[0]
        np.testing.assert_array_equal(ours.predictions(features, symbols), values[0])
    ours.close()
    theirs.close()


def test_it_cannot_be_shrunk_by_either_side() -> None:
    """A child that truncated it would kill the parent at its next access."""
    slate = Slate.create()
    slate.grow(2, 1000)
    with pytest.raises(PermissionError):
        os.ftruncate(slate.descriptor, 0)
    slate.close()


def test_it_is_not_inherited_by_accident() -> None:
    """Only a descriptor passed on purpose reaches a child."""
    slate = Slate.create()
    assert not os.get_inheritable(slate.descriptor)
    slate.close()


def test_only_a_larger_section_asks_the_system_for_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever went through it before fits again."""
    slate = Slate.create()
    slate.grow(2, 1000)
    slate.features(2, 1000)[...] = 1.0
    with monkeypatch.context() as closed:
        closed.setattr(os, "fstat", lambda _descriptor: pytest.fail("asked the system"))
        for symbols in (1000, 1, 999):
            slate.grow(2, symbols)
    slate.grow(2, 100_000)
    slate.features(2, 100_000)[...] = 2.0
    assert os.fstat(slate.descriptor).st_size >= 2 * 100_000 * 8
    slate.close()
