"""Who counts in a section, and when it is: what a model's processors have to know beside the features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Factors

SEPARATOR = "\n"


@dataclass(frozen=True, slots=True, eq=False)
class Attendance:
    """The section's stamp (ns), its symbols by their digest and by name, and who of them counts, [S]."""

    stamp: int
    universe: bytes
    symbols: tuple[str, ...]
    counted: NDArray[np.bool_]

    @classmethod
    def of(cls, factors: Factors, symbols: tuple[str, ...]) -> Attendance:
        """Those who are members, have a bar, and have had their look-back: the rows a model was fitted on."""
        marks = [factors.columns[name].astype(np.bool_) for name in ("present", "member", "warm")]
        return cls(factors.stamp, factors.universe, symbols, marks[0] & marks[1] & marks[2])


def encode_names(symbols: tuple[str, ...]) -> bytes:
    """Names as they lie in the slate."""
    return SEPARATOR.join(symbols).encode()


def decode_names(body: bytes) -> tuple[str, ...]:
    """And back."""
    return tuple(body.decode().split(SEPARATOR))
