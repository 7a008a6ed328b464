"""Memory that begins with a page: an access that straddles two cache lines costs two, and most would."""

import numpy as np

from common.factors.kernels.build import Floats

PAGE_BYTES = 4096


def room(shape: tuple[int, ...], fill: float) -> Floats:
    """Return f8 of that shape, C-contiguous, all of it `fill`."""
    size = int(np.prod(shape, dtype=np.int64))
    numbers = PAGE_BYTES // 8
    raw = np.empty(size + numbers)
    skipped = -raw.ctypes.data % PAGE_BYTES // 8
    found: Floats = raw[skipped : skipped + size].reshape(shape)
    found[...] = fill
    return found


def twin(values: Floats) -> Floats:
    """Return a copy that begins with a page as well."""
    found = room(values.shape, 0.0)
    found[...] = values
    return found
