"""Sorting networks for nested windows: what is sorted for a shorter window is merged into the longer one."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Sorted:
    """A window, the pairs of rows to compare for it (smaller to the first), and its rows from smallest to largest."""

    window: int
    pairs: tuple[Pair, ...]
    order: tuple[int, ...]


@dataclass(slots=True)
class _Network:
    pairs: list[Pair] = field(default_factory=list)

    def sort(self, rows: Sequence[int]) -> list[int]:
        """Sort halves and merge them."""
        if len(rows) < 2:
            return list(rows)
        middle = len(rows) // 2
        return self.merge(self.sort(rows[:middle]), self.sort(rows[middle:]))

    def merge(self, x: Sequence[int], y: Sequence[int]) -> list[int]:
        """Merge by Batcher's odd-even merge (Knuth, The Art of Computer Programming, 5.3.4)."""
        if not x or not y:
            return [*x, *y]
        if len(x) == len(y) == 1:
            return [*self._compare(x[0], y[0])]
        odd, even = self.merge(x[::2], y[::2]), self.merge(x[1::2], y[1::2])
        merged = [odd[0]]
        for one, other in zip(even, odd[1:], strict=False):
            merged += self._compare(one, other)
        rest = [*even[len(odd) - 1 :], *odd[len(even) + 1 :]]
        return [*merged, *rest]

    def _compare(self, low: int, high: int) -> Pair:
        self.pairs.append((low, high))
        return low, high


def nested(windows: Iterable[int]) -> Iterator[Sorted]:
    """Sort ascending windows, each on top of the one before."""
    order: list[int] = []
    for window in windows:
        network = _Network()
        order = network.merge(order, network.sort(range(len(order), window)))
        yield Sorted(window, tuple(network.pairs), tuple(order))


def pruned(parts: Sequence[Sorted], wanted: Sequence[set[int]]) -> list[tuple[Pair, ...]]:
    """Drop the pairs that no answer depends on; wanted[k]: rows read once window k is sorted."""
    needed: set[int] = set()
    kept: list[tuple[Pair, ...]] = []
    for part, rows in zip(reversed(parts), reversed(wanted), strict=True):
        needed |= rows
        mine: list[Pair] = []
        for pair in reversed(part.pairs):
            if not needed.isdisjoint(pair):
                needed.update(pair)
                mine.append(pair)
        kept.append(tuple(reversed(mine)))
    return kept[::-1]


def quantile_words(answers: Sequence[tuple[int, float, int]]) -> tuple[list[int], list[float]]:
    """Return words and numbers of the quantile kernel for (window, level, result), ascending by window."""
    windows = sorted({window for window, _, _ in answers})
    parts = list(nested(windows))
    words: list[int] = []
    numbers: list[float] = []
    asked = [[(level, result) for window, level, result in answers if window == part.window] for part in parts]
    between = [[_between(part, level) for level, _ in mine] for part, mine in zip(parts, asked, strict=True)]
    wanted = [{row for below, above, _ in mine for row in (below, above)} for mine in between]
    for part, pairs, mine, places in zip(parts, pruned(parts, wanted), asked, between, strict=True):
        words += [part.window, len(pairs), len(mine), *(row for pair in pairs for row in pair)]
        for (_, result), (below, above, share) in zip(mine, places, strict=True):
            words += [below, above, result]
            numbers.append(share)
    return words, numbers


def _between(part: Sorted, level: float) -> tuple[int, int, float]:
    place = (part.window - 1) * level
    below = int(place)
    return part.order[below], part.order[min(below + 1, part.window - 1)], place - below
