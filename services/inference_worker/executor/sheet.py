"""What one request lays into the slate, and what the answer leaves there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from services.inference_worker.executor.attendance import Attendance, encode_names
from services.inference_worker.executor.slate import Slate

Floats = NDArray[np.float64]


class Sheet:
    """One section in a slate: its features, who counts, and, when the child knows of others, the symbols' names."""

    def __init__(self, slate: Slate) -> None:
        self._slate = slate
        self._shape: tuple[int, int] = (0, 0)
        self._universe: bytes | None = None  # whose names the child has
        self._counted: NDArray[np.bool_] | None = None

    @property
    def symbols(self) -> int:
        """How many the section has."""
        return self._shape[1]

    def lay(self, features: Floats, attendance: Attendance | None) -> int:
        """Copy features f8[F, S] and who counts, once; return the bytes of the names that go along, 0 for none.

        OSError when the system has no room for it.
        """
        self._shape = (len(features), len(features[0]))
        count = self._call(attendance)
        self._slate.features(*self._shape)[...] = features
        return count

    def values(self) -> Floats:
        """The predictions f8[S]: the reader's own copy."""
        return self._slate.predictions(*self._shape).copy()

    def silent(self) -> NDArray[np.bool_] | None:
        """On whom the model has no opinion though they count; None where nobody was said to count."""
        return None if self._counted is None else self._counted & (self._slate.rows(*self._shape) == 0.0)

    def _call(self, attendance: Attendance | None) -> int:
        """Make room, say who counts, and who they are if the child knows of others; return the bytes of the names."""
        names = b""
        if attendance is not None and attendance.universe != self._universe:
            names = encode_names(attendance.symbols)
        self._slate.grow(*self._shape, len(names))
        self._counted = None if attendance is None else attendance.counted
        if attendance is not None:
            self._slate.rows(*self._shape)[...] = attendance.counted
            self._slate.write_names(*self._shape, names)
            self._universe = attendance.universe
        return len(names)
