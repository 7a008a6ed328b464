"""A forest ready to score: which kernel for how many rows, and nothing that could read outside an array."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from common.models.matrix import feature_matrix
from common.models.trees.compilation import compile_trees
from common.models.trees.costs import NARROW, Costs
from common.models.trees.forest import Forest, make_forest
from common.models.trees.kernels import TILE, score_by_ruling_out, score_by_walking
from common.models.trees.planes import Planes, make_planes
from common.models.trees.text import Floats, TreeModel, read_text
from common.models.trees.transform import read_objective

# What the kernels take, in their order.
_CODING = "columns first_threshold halvings lowest scale first_cell first_plane thresholds cells special"
_CODING += " set_columns first_word set_words"
_RULING = "entry_plane entry_code entry_left first_entry word_leaf first_word leaves"
_WALKING = "nodes roots leaves"


class TreeScorer:
    """LightGBM's trees without LightGBM; ModelError for a model that is not covered."""

    def __init__(self, model: TreeModel, *, start: int = 0, iterations: int | None = None) -> None:
        """Take `iterations` trees from number `start` on; all that follow for None or 0, as LightGBM counts."""
        begin = min(max(start, 0), len(model.trees))
        trees = model.trees[begin : begin + iterations if iterations and iterations > 0 else None]
        transform = read_objective(model.objective)
        compile_trees()
        self.features = model.features
        self.planes = make_planes(trees)
        self.forest = forest = make_forest(trees, self.planes)
        self._ends = (len(trees) if model.average else -1, transform.number, transform.slope)
        self._coding = _fields(self.planes, _CODING)
        self._ruling = _fields(forest, _RULING)
        self._walking = _fields(forest, _WALKING)
        self._few = Costs(forest.entry_code.size, forest.word_leaf.size, self.planes.count, forest.steps).few()

    @classmethod
    def read(cls, text: str) -> "TreeScorer":
        """Read a text model, all of it."""
        return cls(read_text(text))

    def predict(self, matrix: Floats) -> Floats:
        """Score f8[F, S] into f8[S]; features that lie in memory one after the other are not copied."""
        values = feature_matrix(matrix, self.features)
        rows = values.shape[1]
        tile = self.tile_for(rows)
        return self.rule_out(values, tile) if tile else self.walk(values)

    def tile_for(self, rows: int) -> int:
        """How many rows go together when leaves are ruled out; 0 where walking is cheaper."""
        tile = min(TILE, max(-(-rows // NARROW), 1) * NARROW)
        few = self._few[tile // NARROW - 1]
        return 0 if rows <= few or few >= TILE else tile

    def each_way(self, matrix: Floats) -> Iterator[Floats]:
        """Scores f8[S] by what `predict` chooses, and by all it may choose for other numbers of rows."""
        values = feature_matrix(matrix, self.features)
        yield self.predict(values)
        yield self.walk(values)
        for tile in (NARROW, TILE):
            yield self.rule_out(values, tile)

    def walk(self, values: Floats) -> Floats:
        """Score row by row, down each tree."""
        out = np.empty(values.shape[1])
        score_by_walking.function(values, self._coding, self._walking, self._ends, out)
        return out

    def rule_out(self, values: Floats, tile: int = TILE) -> Floats:
        """Score `tile` rows at a time, ruling leaves out."""
        out = np.empty(values.shape[1])
        score_by_ruling_out.function(values, self._coding, self._ruling, self._ends, tile, out)
        return out


def _fields(source: Planes | Forest, names: str) -> tuple[Any, ...]:
    return tuple(getattr(source, name) for name in names.split())
