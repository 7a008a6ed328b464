"""Memory one executor child shares with its parent: features in, predictions out, nothing in the file system."""

import fcntl
import mmap
import os

import numpy as np
from numpy.typing import NDArray

_ITEM = 8


class Slate:
    """An anonymous memory file: features f8[F, S] from the start, predictions f8[S] right behind them.

    It only grows, and the kernel enforces that: a child that shrank it would kill the parent at its next access.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._memory: mmap.mmap | None = None
        self._size = 0

    @classmethod
    def create(cls) -> "Slate":
        """Make an empty one; the descriptor is inherited only where it is passed on purpose."""
        descriptor = os.memfd_create("alphabus-executor", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL)
        return cls(descriptor)

    def grow(self, features: int, symbols: int) -> None:
        """Make room for a section; twice what is needed, so that a growing universe seldom asks again."""
        needed = _size(features, symbols)
        if needed > os.fstat(self.descriptor).st_size:
            os.ftruncate(self.descriptor, 2 * needed)

    def features(self, features: int, symbols: int) -> NDArray[np.float64]:
        """View f8[F, S] on the features."""
        return self._view(features, symbols)[:features]

    def predictions(self, features: int, symbols: int) -> NDArray[np.float64]:
        """View f8[S] on the predictions."""
        predictions: NDArray[np.float64] = self._view(features, symbols)[features]
        return predictions

    def close(self) -> None:
        """Close the descriptor; the memory goes when the last view and the other side are gone."""
        self._memory = None
        os.close(self.descriptor)

    def _view(self, features: int, symbols: int) -> NDArray[np.float64]:
        memory = self._mapped(_size(features, symbols))
        count = (features + 1) * symbols
        flat: NDArray[np.float64] = np.frombuffer(memory, dtype=np.float64, count=count)
        return flat.reshape(features + 1, symbols)

    def _mapped(self, needed: int) -> mmap.mmap:
        if self._memory is None or self._size < needed:
            self._size = os.fstat(self.descriptor).st_size
            self._memory = mmap.mmap(self.descriptor, self._size)
        return self._memory


def _size(features: int, symbols: int) -> int:
    return max(_ITEM * (features + 1) * symbols, mmap.PAGESIZE)
