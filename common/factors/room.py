"""Memory that begins with a page: an access that straddles two cache lines costs two, and most would."""

import numpy as np

from common.factors.kernels.build import Floats

PAGE_BYTES = 4096


def room(shape: tuple[int, ...], fill: float) -> Floats:
    """Return f8 of that shape, C-contiguous, all of it `fill`."""
    found = _blank(shape)
    found[...] = fill
    return found


def twin(values: Floats) -> Floats:
    """Return a copy that begins with a page as well."""
    found = _blank(values.shape)
    found[...] = values
    return found


def _blank(shape: tuple[int, ...]) -> Floats:
    """As it comes: whoever asks writes all of it, and to write it twice would be most of a copy's time."""
    size = int(np.prod(shape, dtype=np.int64))
    numbers = PAGE_BYTES // 8
    raw = np.empty(size + numbers)
    skipped = -raw.ctypes.data % PAGE_BYTES // 8
    found: Floats = raw[skipped : skipped + size].reshape(shape)
    return found
