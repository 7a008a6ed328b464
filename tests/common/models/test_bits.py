"""Equal bits are equal doubles and more: one NaN equals itself, the two zeros are two."""

import numpy as np
import pytest

from common.models.bits import equal_bits

NAN = float("nan")


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (1.0, 1.0, True), (NAN, NAN, True), (-NAN, NAN, False), (0.0, -0.0, False), (np.inf, np.inf, True),
        (1.0, float(np.nextafter(1.0, 2.0)), False),
    ],
)  # fmt: skip
def test_every_bit_counts(left: float, right: float, *, equal: bool) -> None:
    """Signs of zeros and NaN, and the last bit."""
    assert equal_bits(np.array([left]), np.array([right])).tolist() == [equal]


def test_memory_does_not_matter() -> None:
    """Strided, or with its bytes swapped."""
    values = np.arange(12.0).reshape(3, 4)
    assert equal_bits(values[:, ::2], np.ascontiguousarray(values[:, ::2])).all()
    assert equal_bits(values.astype(">f8"), values).all()


def test_two_shapes_are_not_compared() -> None:
    """Nothing is spread out to fit."""
    with pytest.raises(ValueError, match="cannot be compared"):
        equal_bits(np.zeros(2), np.zeros(1))
