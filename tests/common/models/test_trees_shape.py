"""How much there is to do in a forest, and which way to score is chosen by it."""

import numpy as np
import pytest

from common.errors import ModelError
from common.models.trees import forest
from common.models.trees.costs import NARROW, Costs
from common.models.trees.kernels import TILE
from common.models.trees.scorer import TreeScorer
from tests.common.models.forests import block_of, by_lightgbm, made_up, same_bits, text_of


def chain(leaves: int, *, right: bool) -> str:
    """Text of one tree that goes down on one side only."""
    nodes = leaves - 1
    here, deeper = [float(~node) for node in range(nodes)], [*map(float, range(1, nodes)), float(~nodes)]
    lower = np.arange(float(nodes))
    return block_of(
        0,
        leaves,
        split_feature=[0.0] * nodes,
        threshold=(lower if right else lower[::-1]).tolist(),
        decision_type=[2.0] * nodes,
        left_child=here if right else deeper,
        right_child=deeper if right else here,
        leaf_value=[*lower.tolist(), 0.5],
    )


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("leaves", [2, 3, 500])
def test_steps_are_the_mean_depth_of_the_leaves(leaves: int, *, right: bool) -> None:
    """Whichever side a tree leans to: 1, 2, ... n - 1 and once more n - 1."""
    steps = TreeScorer.read(text_of([chain(leaves, right=right)] * 3)).forest.steps
    assert steps == pytest.approx(3 * (sum(range(1, leaves)) + leaves - 1) / leaves)


def test_a_forest_of_single_leaves_has_no_steps() -> None:
    """And is scored all the same."""
    scorer = TreeScorer.read(text_of([block_of(0, 1, leaf_value=[2.0])] * 3))
    assert scorer.forest.steps == 0.0
    assert scorer.predict(np.zeros((4, 2))).tolist() == [6.0, 6.0]


def test_too_many_entries_are_refused_before_they_are_made() -> None:
    """A chain to the left has a node's entry in every word: 14 million for 30,000 leaves."""
    with pytest.raises(ModelError, match="tree 0 brings the forest above 4,194,304 entries"):
        TreeScorer.read(text_of([chain(30_000, right=False)]))
    assert TreeScorer.read(text_of([chain(4000, right=False)])).forest.entry_code.size == 252_000


def test_entries_are_counted_over_all_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number is that of the words, but for what fills groups up."""
    text = made_up(4, trees=5, leaves=200)
    made = TreeScorer.read(text).forest
    real = int(np.count_nonzero(made.entry_left != 0xFFFFFFFF))
    monkeypatch.setattr(forest, "ENTRIES_AT_MOST", real)
    TreeScorer.read(text)
    monkeypatch.setattr(forest, "ENTRIES_AT_MOST", real - 1)
    with pytest.raises(ModelError, match="entries"):
        TreeScorer.read(text)


@pytest.mark.parametrize(
    ("costs", "rows", "tile"),
    [
        (Costs(entries=16_000, words=500, planes=316, steps=3478.0), 1, 0),
        (Costs(entries=16_000, words=500, planes=316, steps=3478.0), 16, 16),
        (Costs(entries=16_000, words=500, planes=316, steps=3478.0), 5000, 256),
        # Many leaves, short ways: walking is cheaper for any number of rows.
        (Costs(entries=66_844, words=1536, planes=66, steps=68.0), 100, 0),
        (Costs(entries=66_844, words=1536, planes=66, steps=68.0), 5000, 0),
        # A chain of a single word each: few entries, long ways.
        (Costs(entries=4000, words=125, planes=16, steps=2000.0), 2, 16),
        (Costs(entries=4000, words=125, planes=16, steps=2000.0), 100, 112),
    ],
)
def test_the_cheaper_way_is_taken_for_the_actual_number_of_rows(costs: Costs, rows: int, tile: int) -> None:
    """As measured."""
    scorer = TreeScorer.read(text_of([]))
    scorer._few = costs.few()
    assert scorer.tile_for(rows) == tile


def test_walking_is_chosen_by_no_more_than_what_a_tile_costs() -> None:
    """For every width of a tile, between one tile's cost and what one row less would cost."""
    costs = Costs(entries=27_172, words=640, planes=62, steps=198.0)
    for place, few in enumerate(costs.few(), 1):
        assert few * costs.walking() <= costs.ruling_out(place * NARROW) < (few + 1) * costs.walking()
    assert len(costs.few()) == TILE // NARROW


@pytest.mark.parametrize("rows", [1, 20, 100, 300, 1000])
def test_whatever_is_chosen_has_lightgbms_bits(rows: int) -> None:
    """A wide forest, and a chain."""
    random = np.random.default_rng(rows)
    for text in (made_up(9, trees=3, leaves=512), text_of([chain(3000, right=False)])):
        values = random.standard_normal((4, rows)) * 1000.0
        same_bits(TreeScorer.read(text).predict(values), by_lightgbm(text, values))
