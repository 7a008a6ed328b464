"""Golden inputs and outputs as `.npy` bytes: little-endian f8, C order, never pickled."""

from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from common.errors import BundleError
from common.models.bits import equal_bits


@dataclass(frozen=True, slots=True)
class Golden:
    """Inputs f8[F, G] with the outputs f8[G] the model gave for them when it was made."""

    inputs: NDArray[np.float64]
    outputs: NDArray[np.float64]


def encode_array(array: NDArray[np.float64]) -> bytes:
    """Bytes of an f8 array; equal arrays give equal bytes."""
    buffer = BytesIO()
    npy.write_array(buffer, np.ascontiguousarray(array, dtype="<f8"), version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def decode_array(name: str, body: bytes, dimensions: int) -> NDArray[np.float64]:
    """Read an f8 array with that many dimensions; BundleError naming the file otherwise."""
    try:
        array = npy.read_array(BytesIO(body), allow_pickle=False)
    except (ValueError, OSError, EOFError, MemoryError) as error:
        raise BundleError(f"{name} is not an array of numbers: {error}") from error
    if array.dtype != np.dtype("<f8") or array.ndim != dimensions:
        raise BundleError(f"{name} holds {array.dtype}{list(array.shape)}, expected <f8 in {dimensions} dimensions")
    return np.ascontiguousarray(array, dtype=np.float64)


def check_golden(golden: Golden, outputs: NDArray[np.float64], tolerance: float) -> None:
    """Compare what a loaded model answers with the golden outputs: by bits if the tolerance is 0."""
    if outputs.shape != golden.outputs.shape or outputs.dtype != np.float64:
        raise BundleError(f"golden inputs gave {outputs.dtype}{list(outputs.shape)}, expected {golden.outputs.shape}")
    wrong = int(np.count_nonzero(~_agree(golden.outputs, outputs, tolerance)))
    if wrong:
        raise BundleError(f"{wrong} of {outputs.size} golden outputs differ; this library or platform changes answers")


def _agree(expected: NDArray[np.float64], actual: NDArray[np.float64], tolerance: float) -> NDArray[np.bool_]:
    same = equal_bits(expected, actual)
    return same if tolerance == 0.0 else same | (np.abs(expected - actual) <= tolerance)
