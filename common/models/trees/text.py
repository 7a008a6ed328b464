"""LightGBM's text model, versions 3 and 4, as arrays: read, and checked so that no kernel can leave them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.amounts import amount
from common.errors import ModelError

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CATEGORICAL = 1
"""Bit of a node's `decision`: the split is a set of categories, not a threshold."""

END = "end of trees"


@dataclass(frozen=True, slots=True)
class Tree:
    """One tree in LightGBM's own numbers: N nodes, N + 1 leaves; a child below 0 is leaf `~child`, node 0 the root.

    A categorical node's threshold is the number of its set: `sets[boundaries[number]:boundaries[number + 1]]`, 32
    categories a word. Without nodes the only leaf is the answer.
    """

    feature: Integers
    threshold: Floats
    decision: Integers
    left: Integers
    right: Integers
    value: Floats
    boundaries: Integers
    sets: Integers


@dataclass(frozen=True, slots=True)
class TreeModel:
    """What a text says: how many features a row has, the trees in order, and what becomes of their sum."""

    features: int
    objective: str
    average: bool
    trees: tuple[Tree, ...]


def read_text(text: str) -> TreeModel:
    """Read a text model; ModelError for what the scorer does not cover (several classes, linear trees) or cannot read.

    https://github.com/microsoft/LightGBM/blob/v4.6.0/src/boosting/gbdt_model_text.cpp
    """
    blocks = _blocks(text)
    header = next(blocks)
    _refuse_classes(header)
    features = _number(header, "max_feature_idx") + 1
    trees = tuple(_tree(block, number, features) for number, block in enumerate(blocks))
    return TreeModel(features, header.get("objective", ""), "average_output" in header, trees)


def _blocks(text: str) -> Iterator[dict[str, str]]:
    """Give the header, then each tree, as key and value."""
    block: dict[str, str] = {}
    # Not `splitlines`: a feature's name may hold what Unicode takes for the end of a line.
    for line in text.replace("\r", "\n").split("\n"):
        if line == END:
            break
        if line.startswith("Tree="):
            yield block
            block = {}
        key, _, value = line.partition("=")
        block[key] = value
    yield block


def _refuse_classes(header: Mapping[str, str]) -> None:
    for key in ("num_class", "num_tree_per_iteration"):
        if header.get(key, "1").strip() != "1":
            raise ModelError(f"the model gives {header[key]} values a row ({key}); trees are scored here for one")


def _tree(block: Mapping[str, str], number: int, features: int) -> Tree:
    try:
        _refuse_linear(block)
        tree = _arrays(block)
        _check(tree, features)
    except ModelError as error:
        raise ModelError(f"tree {number}: {error}") from error
    return tree


def _refuse_linear(block: Mapping[str, str]) -> None:
    if block.get("is_linear", "0") != "0":
        raise ModelError("its leaves are linear models; trees are scored here with constant leaves")


def _arrays(block: Mapping[str, str]) -> Tree:
    leaves = _number(block, "num_leaves")
    sets = _number(block, "num_cat")
    nodes = leaves - 1
    if leaves < 1:
        raise ModelError("it has no leaf")

    def integers(key: str, count: int) -> Integers:
        return _column(block, key, count, int, np.int64)

    return Tree(
        feature=integers("split_feature", nodes),
        threshold=_column(block, "threshold", nodes, float, np.float64),
        decision=integers("decision_type", nodes),
        left=integers("left_child", nodes),
        right=integers("right_child", nodes),
        value=_column(block, "leaf_value", leaves, float, np.float64),
        boundaries=integers("cat_boundaries", sets + 1 if sets else 0),
        sets=integers("cat_threshold", -1) if sets else np.empty(0, np.int64),
    )


def _number(block: Mapping[str, str], key: str) -> int:
    return int(_column(block, key, 1, int, np.int64)[0])


def _column(block: Mapping[str, str], key: str, count: int, read: Callable[[str], Any], kind: type) -> NDArray[Any]:
    """Values of a line, exactly `count` of them (any number for -1); a line that may be empty may be absent."""
    line = block.get(key, "")
    words = line.split()
    # Python reads 1_000 and the digits of other scripts; LightGBM stops at them.
    if "_" in line or not line.isascii():
        raise ModelError(f"{key} holds more than numbers")
    if count not in {-1, len(words)}:
        raise ModelError(f"{key} has {amount(len(words), 'value')}, expected {count}")
    try:
        return np.fromiter(map(read, words), kind, len(words))
    except (ValueError, OverflowError) as error:
        raise ModelError(f"{key} is not a list of numbers: {error}") from error


def _check(tree: Tree, features: int) -> None:
    """Everything a kernel takes for granted, except that all leaves can be reached (`forest` walks them anyway)."""
    if tree.feature.size and not 0 <= tree.feature.min() <= tree.feature.max() < features:
        raise ModelError(f"a node splits a feature that is not one of the {features}")
    nodes = tree.feature.size
    children = np.sort(np.concatenate([tree.left, tree.right]))
    if nodes and not np.array_equal(children, [*range(-nodes - 1, 0), *range(1, nodes)]):
        raise ModelError("its nodes and leaves are not each the child of one node")
    categorical = (tree.decision & CATEGORICAL).astype(bool)
    if np.isnan(tree.threshold[~categorical]).any():
        raise ModelError("a threshold is not a number")
    if not np.isin(tree.threshold[categorical], np.arange(max(tree.boundaries.size - 1, 0))).all():
        raise ModelError("a categorical node names a set that is not there")
    if tree.sets.size and not 0 <= tree.sets.min() <= tree.sets.max() < 1 << 32:
        raise ModelError("a word of a set of categories is not one of 32 bits")
    if tree.boundaries.size and not (
        tree.boundaries[0] == 0 and tree.boundaries[-1] <= tree.sets.size and (np.diff(tree.boundaries) >= 0).all()
    ):
        raise ModelError("the sets of categories overlap or end outside")
