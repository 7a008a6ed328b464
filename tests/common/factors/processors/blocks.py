"""Feature blocks for tests: columns with ties, constants, holes, absurd magnitudes, and rows that do not count."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from common.factors.processors.feature_block import LABEL, FeatureBlock

DAY = 86_400_000_000_000
FEATURES = ("plain", "tied", "constant", "holes", "tiny", "huge", "empty", "infinite")
NAMES = (*FEATURES, LABEL)

Floats = NDArray[np.float64]


def feature_block(seed: int, sections: int = 12, symbols: int = 7, *, out: float = 0.15) -> FeatureBlock:
    """One column of each kind and a label; a share `out` of the rows does not count, and holds other numbers."""
    random = np.random.default_rng(seed)
    shape = (sections, symbols)
    columns: dict[str, Floats] = {
        "plain": random.normal(0, 1, shape),
        "tied": random.integers(0, 3, shape).astype(np.float64),
        "constant": np.full(shape, 0.1),
        "holes": np.where(random.random(shape) < 0.3, np.nan, random.normal(5, 2, shape)),
        "tiny": 1.0 + random.normal(0, 1e-12, shape),
        "huge": random.normal(0, 1e12, shape),
        "empty": np.full(shape, np.nan),
        "infinite": np.where(random.random(shape) < 0.1, np.inf, random.normal(0, 1, shape)),
        LABEL: np.where(random.random(shape) < 0.1, np.nan, random.normal(0, 0.02, shape)),
    }
    rows = random.random(shape) >= out
    names = tuple(f"s{place:02d}" for place in range(symbols))
    stamp = np.arange(sections, dtype=np.int64) * DAY
    return FeatureBlock(names, stamp, NAMES, np.stack([columns[name] for name in NAMES]), rows)


def blocks(*, sections: int = 12, symbols: int = 7) -> st.SearchStrategy[FeatureBlock]:
    """Blocks of every size up to that, down to a single cell."""
    return st.builds(
        feature_block,
        st.integers(0, 2**32 - 1),
        st.integers(1, sections),
        st.integers(1, symbols),
        out=st.sampled_from([0.0, 0.15, 0.6]),
    ).filter(lambda block: bool(block.rows.any()))


def section_of(block: FeatureBlock, section: int) -> FeatureBlock:
    """One section alone."""
    return cut(block, section, section + 1)


def cut(block: FeatureBlock, first: int, last: int) -> FeatureBlock:
    """Some sections."""
    return replace(
        block,
        stamp=block.stamp[first:last],
        values=np.ascontiguousarray(block.values[:, first:last]),
        rows=np.ascontiguousarray(block.rows[first:last]),
    )


def pick(block: FeatureBlock, chosen: list[int]) -> FeatureBlock:
    """Some symbols, under their names, in ascending places."""
    return replace(
        block,
        symbols=tuple(block.symbols[place] for place in chosen),
        values=np.ascontiguousarray(block.values[:, :, chosen]),
        rows=np.ascontiguousarray(block.rows[:, chosen]),
    )


def assert_same_block(actual: FeatureBlock, expected: FeatureBlock) -> None:
    """Equal by ==, NaN equal to NaN, in every row that counts; and the same rows count."""
    assert actual.names == expected.names
    np.testing.assert_array_equal(actual.rows, expected.rows, strict=True)
    np.testing.assert_array_equal(actual.values[:, actual.rows], expected.values[:, expected.rows], strict=True)
