"""Memory one executor child shares with its parent: features in, predictions out, nothing in the file system."""

import fcntl
import mmap
import os

import numpy as np
from numpy.typing import NDArray

_ITEM = 8


class Slate:
    """An anonymous memory file: features f8[F, S] from the start, right behind them predictions f8[S] and rows f8[S].

    rows: who counts, 1 or 0; with the answer, on whom the model has an opinion. Names of symbols come last, if at all.
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

    def grow(self, features: int, symbols: int, names: int = 0) -> None:
        """Make room for a section and bytes of names; twice what is needed: a growing universe seldom asks again."""
        needed = _size(features, symbols, names)
        if needed > self._size and needed > os.fstat(self.descriptor).st_size:
            os.ftruncate(self.descriptor, 2 * needed)

    def features(self, features: int, symbols: int) -> NDArray[np.float64]:
        """View f8[F, S] on the features."""
        return self._view(features, symbols)[:features]

    def predictions(self, features: int, symbols: int) -> NDArray[np.float64]:
        """View f8[S] on the predictions."""
        predictions: NDArray[np.float64] = self._view(features, symbols)[features]
        return predictions

    def rows(self, features: int, symbols: int) -> NDArray[np.float64]:
        """View f8[S] on the rows."""
        rows: NDArray[np.float64] = self._view(features, symbols)[features + 1]
        return rows

    def write_names(self, features: int, symbols: int, names: bytes) -> None:
        """Put names of symbols behind the numbers; there must be room for them."""
        first = _names_at(features, symbols)
        self._mapped(_size(features, symbols, len(names)))[first : first + len(names)] = names

    def read_names(self, features: int, symbols: int, count: int) -> bytes:
        """So many bytes of names."""
        first = _names_at(features, symbols)
        return self._mapped(_size(features, symbols, count))[first : first + count]

    def close(self) -> None:
        """Close the descriptor; the memory goes when the last view and the other side are gone."""
        self._memory = None
        os.close(self.descriptor)

    def _view(self, features: int, symbols: int) -> NDArray[np.float64]:
        memory = self._mapped(_size(features, symbols))
        count = (features + 2) * symbols
        flat: NDArray[np.float64] = np.frombuffer(memory, dtype=np.float64, count=count)
        return flat.reshape(features + 2, symbols)

    def _mapped(self, needed: int) -> mmap.mmap:
        if self._memory is None or self._size < needed:
            self._size = os.fstat(self.descriptor).st_size
            self._memory = mmap.mmap(self.descriptor, self._size)
        return self._memory


def _names_at(features: int, symbols: int) -> int:
    return _ITEM * (features + 2) * symbols


def _size(features: int, symbols: int, names: int = 0) -> int:
    return max(_names_at(features, symbols) + names, mmap.PAGESIZE)
