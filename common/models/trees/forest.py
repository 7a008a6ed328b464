"""All trees as flat arrays: for the kernel that rules leaves out, and for the one that walks.

Leaves are numbered from left to right. A word stands for 32 of them, a bit each, and for every node that has some of
them on its left it says which are left over where a row goes right. The lowest bit that is left over from all nodes
is the row's leaf (QuickScorer: Lucchese et al., SIGIR 2015).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.errors import ModelError
from common.models.trees.planes import Planes
from common.models.trees.text import Floats, Integers, Tree

WORD = 32
GROUP = 4
"""Entries of a word come in fours, which share one pass over its bits."""

ENTRIES_AT_MOST = 1 << 22
"""In all trees together: 9 bytes each, and more while they are made. A million leaves of common trees have fewer."""

_FULL = (1 << WORD) - 1
_NEVER = 255
"""No code is greater: an entry that fills a group up."""


@dataclass(frozen=True, slots=True)
class Forest:
    """T trees. Those with more than 32 leaves have several words, the last leaves' word first."""

    entry_plane: NDArray[np.uint32]
    """u4[E]"""
    entry_code: NDArray[np.uint8]
    """u1[E]: where a row's code is greater, `entry_left` is left over."""
    entry_left: NDArray[np.uint32]
    """u4[E]"""
    first_entry: Integers
    """i8[W + 1]: entries of each word."""
    word_leaf: Integers
    """i8[W]: the leaf of a word's lowest bit."""
    first_word: Integers
    """i8[T + 1]: words of each tree."""
    nodes: NDArray[np.int32]
    """i4[N, 4]: plane, code, left child, right child; below 0 it is leaf `~child`."""
    roots: NDArray[np.int32]
    """i4[T]: like a child."""
    leaves: Floats
    """f8: values of all leaves, tree by tree, from left to right."""
    steps: float
    """Nodes on the way to a leaf, on average over a tree's leaves, in all trees together."""


def make_forest(trees: Sequence[Tree], planes: Planes) -> Forest:
    """Arrays of a forest; ModelError for a tree with leaves that cannot be reached, and for too many entries."""
    entries, words, nodes, leaves, roots = [_NO_ENTRIES], [], [_NO_NODES], [np.empty(0)], []
    first_word, first_node, first_leaf, steps, most = [0], 0, 0, 0.0, ENTRIES_AT_MOST
    for number, tree in enumerate(trees):
        here = slice(first_node, first_node + tree.feature.size)
        order, begin, end, depth = _left_to_right(tree, number)
        asked = _Asked(planes.node_plane[here], planes.node_code[here], begin, end)
        most -= asked.entries()
        if most < 0:
            raise ModelError(f"tree {number} brings the forest above {ENTRIES_AT_MOST:,} entries, which take memory")
        for low in reversed(range(0, order.size, WORD)):
            entries.append(asked.word(low))
            words.append(first_leaf + low)
        first_word.append(len(words))
        nodes.append(_walkable(tree, asked, order, first_node, first_leaf))
        roots.append(first_node if tree.feature.size else ~first_leaf)
        leaves.append(tree.value[order])
        steps += depth / order.size
        first_node, first_leaf = here.stop, first_leaf + order.size
    plane, code, left = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    return Forest(
        entry_plane=plane,
        entry_code=code,
        entry_left=left,
        first_entry=np.cumsum([codes.size for _, codes, _ in entries], dtype=np.int64),
        word_leaf=np.array(words, np.int64),
        first_word=np.array(first_word, np.int64),
        nodes=np.concatenate(nodes),
        roots=np.array(roots, np.int32),
        leaves=np.concatenate(leaves),
        steps=steps,
    )


_Entries = tuple[NDArray[np.uint32], NDArray[np.uint8], NDArray[np.uint32]]

_NO_ENTRIES: _Entries = (np.empty(0, np.uint32), np.empty(0, np.uint8), np.empty(0, np.uint32))
_NO_NODES = np.empty((0, 4), np.int32)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a tree's nodes ask, and which leaves, from `begin` to `end`, lie on the left of each."""

    plane: NDArray[np.int32]
    code: NDArray[np.uint8]
    begin: Integers
    end: Integers

    def entries(self) -> int:
        """How many entries the words of this tree will have, but for those that fill groups up."""
        return int(((self.end - 1) // WORD - self.begin // WORD + 1).sum())

    def word(self, low: int) -> _Entries:
        """Plane, code and what is left over, [E] each, of the 32 leaves from `low` on."""
        begin, end = np.clip(self.begin - low, 0, WORD), np.clip(self.end - low, 0, WORD)
        touched = np.flatnonzero(begin < end)
        ruled_out = (1 << end[touched]) - (1 << begin[touched])
        spare = -touched.size % GROUP
        return (
            np.append(self.plane[touched], [0] * spare).astype(np.uint32),
            np.append(self.code[touched], [_NEVER] * spare).astype(np.uint8),
            np.append(_FULL - ruled_out, [_FULL] * spare).astype(np.uint32),
        )


def _left_to_right(tree: Tree, number: int) -> tuple[Integers, Integers, Integers, int]:
    """Leaves from left to right, where each node's left side begins and ends among them, the sum of their depths."""
    nodes = tree.feature.size
    left, right = tree.left.tolist(), tree.right.tolist()
    order: list[int] = []
    begin, end, depths = [-1] * nodes, [-1] * nodes, 0
    pending = [(0 if nodes else ~0, 0)]
    while pending:
        node, depth = pending.pop()
        if node < 0:
            order.append(~node)
            depths += depth
        elif begin[node] < 0:
            begin[node] = len(order)
            pending += ((node, depth), (left[node], depth + 1))
        else:
            end[node] = len(order)
            pending.append((right[node], depth + 1))
    if len(order) != nodes + 1:
        raise ModelError(f"tree {number}: {nodes + 1 - len(order)} leaves cannot be reached from the root")
    return np.array(order, np.int64), np.array(begin, np.int64), np.array(end, np.int64), depths


def _walkable(tree: Tree, asked: _Asked, order: Integers, first_node: int, first_leaf: int) -> NDArray[np.int32]:
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    children = np.stack([tree.left, tree.right])
    leaves = ~(first_leaf + place[np.where(children < 0, ~children, 0)])
    left, right = np.where(children < 0, leaves, first_node + children)
    return np.stack([asked.plane, asked.code, left, right], axis=1).astype(np.int32)
