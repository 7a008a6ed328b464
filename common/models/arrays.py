"""Named f8 arrays as `.npz` bytes: stored, not compressed, never pickled; equal arrays give equal bytes."""

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np
from numpy.typing import NDArray

from common.errors import BundleError
from common.models.golden import decode_array, encode_array

Floats = NDArray[np.float64]


def encode_arrays(arrays: Mapping[str, Floats]) -> bytes:
    """Bytes that numpy.load reads, too."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as archive:
        for name, array in arrays.items():
            archive.writestr(ZipInfo(f"{name}.npy"), encode_array(array))
    return buffer.getvalue()


def decode_arrays(file: str, body: bytes, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, Floats]:
    """Read exactly the arrays named, each of its shape and finite; BundleError naming the file otherwise."""
    try:
        with ZipFile(BytesIO(body)) as archive:
            found = {item.filename: _content(file, archive, item) for item in archive.infolist()}
    except (BadZipFile, ValueError, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BundleError(f"{file} is not an archive of arrays: {error}") from error
    if found.keys() != {f"{name}.npy" for name in shapes}:
        raise BundleError(f"{file} holds {', '.join(sorted(found))}; expected {', '.join(sorted(shapes))}")
    arrays = {name: decode_array(file, found[f"{name}.npy"], len(shape)) for name, shape in shapes.items()}
    check_arrays(file, arrays, shapes)
    return arrays


def check_arrays(file: str, arrays: Mapping[str, Floats], shapes: Mapping[str, tuple[int, ...]]) -> None:
    """Compare shapes, and refuse what is not finite; BundleError naming file and array."""
    for name, shape in shapes.items():
        if arrays[name].shape != shape:
            raise BundleError(f"{file}: {name} has shape {list(arrays[name].shape)}, expected {list(shape)}")
        if not np.isfinite(arrays[name]).all():
            raise BundleError(f"{file}: {name} is not finite")


def _content(file: str, archive: ZipFile, item: ZipInfo) -> bytes:
    # What is not compressed cannot be larger than the file.
    if item.compress_type != ZIP_STORED:
        raise BundleError(f"{file}: {item.filename} is compressed; arrays are stored as they are")
    return archive.read(item)
