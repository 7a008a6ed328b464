"""Features as small integers: every split of a forest becomes `code > number`, whatever its kind.

A numerical feature's code is how many of its thresholds lie below the value. What a split does with a missing value or
a zero depends on the split, so a feature is seen through one plane for each way that occurs in the forest, and through
more when it has over 255 thresholds, because codes are bytes. A set of categories is a plane of its own: 1 outside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.models.trees.search import CHUNK, NAN_LEFT, NONE, ZERO_LEFT, Search
from common.models.trees.text import CATEGORICAL, Floats, Integers, Tree

_DEFAULT_LEFT = 2


@dataclass(frozen=True, slots=True)
class Planes:
    """How a row becomes codes, and what each node (all trees one after the other) asks of them.

    A search of feature `columns[i]` goes by its value's place in an even grid over its thresholds to a few candidates,
    then halves. Numerical planes come first, in the order of their features (`first_plane`), then the sets.
    """

    columns: Integers
    """i8[Q]: features that are split by thresholds."""
    first_threshold: Integers
    """i8[Q + 1]: where a feature's thresholds lie in `thresholds`."""
    halvings: Integers
    """i8[Q]: steps of the search after the grid."""
    lowest: Floats
    """f8[Q]: where the grid begins."""
    scale: Floats
    """f8[Q]: cells of the grid per unit."""
    first_cell: Integers
    """i8[Q + 1]: where a feature's cells lie in `cells`."""
    first_plane: Integers
    """i8[Q + 1]: which planes show a feature."""
    thresholds: Floats
    """f8: ascending for each feature, then infinity as far as a search may look."""
    cells: NDArray[np.int32]
    """i4: thresholds below each cell."""
    special: NDArray[np.int32]
    """i4[P, 3]: for each plane the rank it begins at, the rank of NaN, the rank of zero."""
    set_columns: Integers
    """i8[C]: feature of each set."""
    first_word: Integers
    """i8[C + 1]: where a set's words lie in `set_words`."""
    set_words: NDArray[np.uint32]
    """u4: members, 32 categories a word."""
    node_plane: NDArray[np.int32]
    """i4[N]: the plane a node looks at."""
    node_code: NDArray[np.uint8]
    """u1[N]: a row goes right where its code is greater."""

    @property
    def count(self) -> int:
        """Number of planes."""
        return int(self.special.shape[0] + self.set_columns.size)


def make_planes(trees: Sequence[Tree]) -> Planes:
    """Planes of a forest."""
    feature, threshold, decision = (_joined(trees, name) for name in ("feature", "threshold", "decision"))
    numerical = (decision.astype(np.int64) & CATEGORICAL) == 0
    node_plane, node_code = np.zeros(feature.size, np.int32), np.zeros(feature.size, np.uint8)
    searches = [Search.of(int(column), threshold[numerical & (feature == column)])
                for column in np.unique(feature[numerical])]  # fmt: skip
    special: list[NDArray[np.int32]] = []
    first_plane = [0]
    for search in searches:
        nodes = np.flatnonzero(numerical & (feature == search.column))
        rank = np.searchsorted(search.thresholds, threshold[nodes])
        ways = _ways(decision[nodes].astype(np.int64))
        keys, plane = np.unique(np.stack([ways, rank // CHUNK]), axis=1, return_inverse=True)
        node_plane[nodes] = first_plane[-1] + plane.ravel()
        node_code[nodes] = rank % CHUNK
        special += [search.special(int(way), int(chunk)) for way, chunk in keys.T]
        first_plane.append(len(special))
    sets, set_plane = _sets(trees)
    node_plane[~numerical] = len(special) + set_plane
    return _assemble(searches, special, first_plane, sets, (node_plane, node_code))


def _ways(decision: Integers) -> Integers:
    """What a node does with what is missing: bits 2 and 3 say what counts as missing, bit 1 where it goes."""
    missing, right = (decision >> 2) & 3, ((decision & _DEFAULT_LEFT) == 0).astype(np.int64)
    return np.select([missing == 1, missing == 2], [ZERO_LEFT + right, NAN_LEFT + right], NONE)


def _sets(trees: Sequence[Tree]) -> tuple[list[tuple[int, bytes]], Integers]:
    """Each different set with its feature, and which of them each categorical node asks, in the order of the nodes."""
    found: dict[tuple[int, bytes], int] = {}
    asked: list[int] = []
    for tree in trees:
        for node in np.flatnonzero(tree.decision & CATEGORICAL):
            number = int(tree.threshold[node])
            words = tree.sets[tree.boundaries[number] : tree.boundaries[number + 1]].astype("<u4")
            asked.append(found.setdefault((int(tree.feature[node]), words.tobytes()), len(found)))
    return list(found), np.array(asked, np.int64)


def _assemble(
    searches: Sequence[Search],
    special: Sequence[NDArray[np.int32]],
    first_plane: Sequence[int],
    sets: Sequence[tuple[int, bytes]],
    nodes: tuple[NDArray[np.int32], NDArray[np.uint8]],
) -> Planes:
    padded = [np.append(each.thresholds, np.full(1 << each.halvings, np.inf)) for each in searches]
    words = [np.frombuffer(members, "<u4") for _, members in sets]
    return Planes(
        columns=np.array([each.column for each in searches], np.int64),
        first_threshold=_starts(padded),
        halvings=np.array([each.halvings for each in searches], np.int64),
        lowest=np.array([each.lowest for each in searches], np.float64),
        scale=np.array([each.scale for each in searches], np.float64),
        first_cell=_starts([each.cells for each in searches]),
        first_plane=np.array(first_plane, np.int64),
        thresholds=np.concatenate([np.empty(0), *padded]),
        cells=np.concatenate([np.empty(0, np.int32), *(each.cells for each in searches)]),
        special=np.array(special, np.int32).reshape(-1, 3),
        set_columns=np.array([column for column, _ in sets], np.int64),
        first_word=_starts(words),
        set_words=np.concatenate([np.empty(0, np.uint32), *words]).astype(np.uint32),
        node_plane=nodes[0],
        node_code=nodes[1],
    )


def _starts(parts: Sequence[NDArray[np.generic]]) -> Integers:
    """Where each part begins when they lie one after the other, and where the last one ends."""
    return np.cumsum([0, *(part.size for part in parts)], dtype=np.int64)


def _joined(trees: Sequence[Tree], name: str) -> Floats:
    return np.concatenate([np.empty(0), *(getattr(tree, name) for tree in trees)])
