"""Text models made up from seeded numbers, with every kind of split, and what LightGBM says of them."""

from collections.abc import Sequence
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from common.models.bits import equal_bits
from common.models.trees.coding import ZERO

Floats = NDArray[np.float64]

MISSING = {"none": 0, "zero": 4, "nan": 8}
"""Bits 2 and 3 of a node's decision."""

ODD = (0.0, -0.0, 5e-324, ZERO, -ZERO, float(np.nextafter(ZERO, 1)), 1e-36, 1e300, -1e300, np.inf, -np.inf)
"""Thresholds that ask for trouble."""


def made_up(seed: int, *, trees: int, leaves: int, features: int = 4, objective: str = "regression") -> str:
    """Return the text of a forest no data would grow: any threshold, any missing values, sets of categories."""
    random = np.random.default_rng(seed)
    # Few different numbers make equal thresholds, many make more than a plane can hold.
    pool = np.concatenate([ODD, random.standard_normal(int(random.choice([3, 40, 2000])))])
    blocks = [_tree(number, int(random.integers(1, leaves + 1)), features, pool, random) for number in range(trees)]
    return text_of(blocks, features=features, objective=objective)


def text_of(
    blocks: Sequence[str], *, features: int = 4, objective: str = "regression", lines: Sequence[str] = ()
) -> str:
    """Return a text model of these trees."""
    names = " ".join(f"f{number}" for number in range(features))
    header = ["tree", "version=v4", "num_class=1", "num_tree_per_iteration=1", "label_index=0"]
    header += [f"max_feature_idx={features - 1}", *([f"objective={objective}"] if objective else []), *lines]
    header += [f"feature_names={names}", f"feature_infos={' '.join(['none'] * features)}", "", ""]
    return "\n".join(header) + "".join(blocks) + "end of trees\n"


def block_of(number: int, leaves: int, **lines: Sequence[float]) -> str:
    """Return the text of one tree; categorical sets are those of `cat_boundaries`."""
    sets = max(len(lines.get("cat_boundaries", ())) - 1, 0)
    body = [f"Tree={number}", f"num_leaves={leaves}", f"num_cat={sets}"]
    body += [f"{key}={' '.join(_plain(value) for value in values)}" for key, values in lines.items()]
    return "\n".join([*body, "is_linear=0", "shrinkage=1", "", "", ""])


def by_lightgbm(text: str, values: Floats, **options: Any) -> Floats:
    """Score f8[F, S] by LightGBM itself."""
    booster = lightgbm.Booster(model_str=text)
    return np.asarray(booster.predict(np.ascontiguousarray(values.T), num_threads=1, **options), np.float64)


def same_bits(actual: Floats, expected: Floats) -> None:
    """AssertionError unless every bit is equal."""
    assert np.flatnonzero(~equal_bits(actual, expected)).tolist() == []


def _tree(number: int, leaves: int, features: int, pool: Floats, random: np.random.Generator) -> str:
    nodes = leaves - 1
    left, right = _shape(nodes, random)
    feature = random.integers(0, features, nodes)
    threshold = random.choice(pool, nodes)
    decision = random.choice(list(MISSING.values()), nodes) + random.choice([0, 2], nodes)
    # The last feature is one of categories.
    categorical = feature == features - 1
    sets = int(categorical.sum())
    decision[categorical] |= 1
    threshold[categorical] = np.arange(sets)
    sizes = random.integers(1, 4, sets)
    lines = {
        "split_feature": feature,
        "threshold": threshold,
        "decision_type": decision,
        "left_child": left,
        "right_child": right,
        "leaf_value": random.standard_normal(leaves) * random.choice([1e-12, 1.0, 1e12], leaves),
    }
    if sets > 0:
        lines["cat_boundaries"] = np.concatenate([[0], np.cumsum(sizes)])
        lines["cat_threshold"] = random.integers(0, 1 << 32, int(sizes.sum()))
    return block_of(number, leaves, **lines)


def _shape(nodes: int, random: np.random.Generator) -> tuple[list[int], list[int]]:
    """Split any leaf again and again, as LightGBM does: the new one is on the right."""
    left, right = [0] * nodes, [0] * nodes
    root = [0]
    places = [(root, 0)]
    for node in range(nodes):
        leaf = int(random.integers(0, node + 1))
        side, parent = places[leaf]
        side[parent] = node
        left[node], right[node] = ~leaf, ~(node + 1)
        places[leaf] = (left, node)
        places.append((right, node))
    return left, right


def _plain(value: float) -> str:
    return format(value, ".17g")
