"""Golden answers: numbers only, compared by bits unless a tolerance is stated."""

import numpy as np
import pytest

from common.errors import BundleError
from common.models.golden import Golden, check_golden, decode_array, encode_array


def _golden(outputs: list[float]) -> Golden:
    return Golden(np.zeros((1, len(outputs))), np.array(outputs))


def test_arrays_survive_to_the_bit() -> None:
    """NaN, infinities, zeros of both signs and denormals come back as they were."""
    array = np.array([[np.nan, np.inf, -0.0], [5e-324, 1e308, 0.1]])
    assert decode_array("a.npy", encode_array(array), 2).tobytes() == array.tobytes()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"PK\x03\x04 an archive",
        encode_array(np.ones(3))[:-1],
        encode_array(np.ones((2, 2))),
        encode_array(np.ones(3)).replace(b"<f8", b"<i8"),
        encode_array(np.ones(3)).replace(b"<f8", b"|O8"),
    ],
)
def test_anything_but_numbers_of_the_right_shape_is_refused(body: bytes) -> None:
    """The error names the file."""
    with pytest.raises(BundleError, match=r"a\.npy"):
        decode_array("a.npy", body, 1)


def test_equal_bits_pass() -> None:
    """NaN equals itself here."""
    check_golden(_golden([1.0, np.nan]), np.array([1.0, np.nan]), 0.0)


@pytest.mark.parametrize("answers", [[1.0 + 2**-52], [np.nan], [1.0, 1.0]])
def test_one_other_bit_is_refused(answers: list[float]) -> None:
    """The last bit, a NaN, and another length all count."""
    with pytest.raises(BundleError, match="golden"):
        check_golden(_golden([1.0]), np.array(answers), 0.0)


def test_a_tolerance_is_absolute_and_no_excuse_for_nan() -> None:
    """Within it passes, beyond it and NaN do not."""
    check_golden(_golden([1.0]), np.array([1.0 + 1e-7]), 1e-6)
    for answer in (1.0 + 1e-5, np.nan):
        with pytest.raises(BundleError, match="1 of 1"):
            check_golden(_golden([1.0]), np.array([answer]), 1e-6)


def test_zeros_of_both_signs_differ() -> None:
    """Bits are bits."""
    with pytest.raises(BundleError, match="1 of 1"):
        check_golden(_golden([0.0]), np.array([-0.0]), 0.0)
