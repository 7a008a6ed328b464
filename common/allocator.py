"""Memory that a section leaves is kept for the next: given back and asked for anew, it costs a page fault each 4 kB."""

from __future__ import annotations

import ctypes
from typing import Final

KEPT_BYTES: Final = 64 << 20
"""What may lie idle: ten sections of 5,000 symbols by 158 factors."""

# From glibc's malloc.h.
M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3


def keep_freed_memory(kept_bytes: int = KEPT_BYTES) -> bool:
    """Tell the C library's allocator, for all of this process; False where it is not glibc's, or refuses."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    # Both, for glibc stops adapting the one when the other is set.
    return bool(all([mallopt(M_TRIM_THRESHOLD, kept_bytes), mallopt(M_MMAP_THRESHOLD, min(kept_bytes, 32 << 20))]))
