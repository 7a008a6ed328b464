"""What is remembered of one symbol, and of whom there is any use in remembering it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from common.factors.kernels.build import Floats

OBJECT_BYTES = 250
"""About what the objects around one symbol's rows take: the record, its array's head, two numbers, a name's place."""


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """What is known of one symbol: its rows (histories oldest first, then recursive states), bars, last section."""

    rows: Floats
    count: int
    last: int

    @property
    def nbytes(self) -> int:
        """Bytes it takes when it is kept alone."""
        return self.rows.nbytes + OBJECT_BYTES

    def alone(self) -> "Past":
        """Hold rows of its own: a view would keep everybody's of that section in memory."""
        return self if self.rows.base is None else replace(self, rows=self.rows.copy())


def worth_keeping(pasts: Mapping[str, Past], section: int, max_gap: int | None) -> dict[str, Past]:
    """Leave out whoever starts anew whenever the next bar comes, for it comes in `section` at the soonest."""
    return {symbol: past for symbol, past in pasts.items() if max_gap is None or section - past.last - 1 <= max_gap}
