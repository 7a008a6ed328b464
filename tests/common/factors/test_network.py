"""Sorting networks of nested windows: every answer is right, and pairs no answer needs are left out."""

from itertools import product

import numpy as np
import pytest

from common.factors.network import nested, pruned


@pytest.mark.parametrize("windows", [[1], [2], [1, 2, 3, 7], [5, 10, 13], [9], [12]])
def test_sorts_whatever_is_in_the_window(windows: list[int]) -> None:
    """A network that sorts every row of zeros and ones sorts everything (Knuth, 5.3.4, theorem Z)."""
    inputs = np.array(list(product((0, 1), repeat=windows[-1]))).T
    rows = inputs.copy()
    for part in nested(windows):
        for low, high in part.pairs:
            rows[low], rows[high] = np.minimum(rows[low], rows[high]), np.maximum(rows[low], rows[high])
        assert (rows[list(part.order)] == np.sort(inputs[: part.window], axis=0)).all()


def test_long_windows_sort() -> None:
    """Random rows, and windows of very different lengths."""
    windows, random = [5, 10, 20, 30, 60, 257], np.random.default_rng(1)
    inputs = random.integers(0, 50, (257, 40))
    rows = inputs.copy()
    for part in nested(windows):
        for low, high in part.pairs:
            rows[low], rows[high] = np.minimum(rows[low], rows[high]), np.maximum(rows[low], rows[high])
        assert (rows[list(part.order)] == np.sort(inputs[: part.window], axis=0)).all()


def test_pruning_keeps_what_is_asked_for() -> None:
    """The rows wanted are the same with fewer pairs."""
    parts = list(nested([6, 14]))
    wanted = [{parts[0].order[1]}, {parts[1].order[11], parts[1].order[12]}]
    inputs = np.random.default_rng(2).normal(size=(14, 30))
    kept = pruned(parts, wanted)
    assert sum(map(len, kept)) < sum(len(part.pairs) for part in parts)
    full, few = inputs.copy(), inputs.copy()
    for part, pairs, rows in zip(parts, kept, wanted, strict=True):
        for each, network in ((full, part.pairs), (few, pairs)):
            for low, high in network:
                each[low], each[high] = np.minimum(each[low], each[high]), np.maximum(each[low], each[high])
        assert (full[sorted(rows)] == few[sorted(rows)]).all()
