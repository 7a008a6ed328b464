"""Our dataset and our fit, as a notebook asks for them; LightGBM has vnpy's parameters."""

from collections.abc import Mapping

from common.errors import PipelineError
from common.factors.sets import load_set
from common.market.span import Span
from common.models.kinds import model_class
from common.models.processors import outputs
from common.research.dataset import Dataset
from common.research.periods import Periods, Segment
from common.research.processing import processing_of
from common.research.recipe import Recipe
from scripts.bench.factor_market import Floats
from scripts.bench.factor_ours import DAY_NS, bar_table
from scripts.bench.training_market import Days, Task

LEARN = ("drop_na:names=label", "cs_norm:method=zscore,names=label")
LIKE_VNPY = {
    "learning_rate": 0.1, "num_leaves": 31, "min_data_in_leaf": 20, "lambda_l2": 0.0,
    "feature_fraction": 1.0, "bagging_fraction": 1.0, "bagging_freq": 0,
}  # fmt: skip


class Ours:
    """From bars in memory."""

    def __init__(self, columns: Mapping[str, Floats], task: Task) -> None:
        self._table, self._test = bar_table(columns), _span(task.test)
        parameters = LIKE_VNPY | {"rounds": task.rounds, "patience": task.rounds, "num_threads": task.threads}
        self._recipe = Recipe(
            "bench",
            load_set("alpha158"),
            parameters=parameters,
            periods=Periods(_span(task.train), _span(task.valid)),
            processing=processing_of([], LEARN),
        )
        self._dataset: Dataset | None = None

    def dataset(self) -> None:
        """Factors, label, processors, parts."""
        self._dataset = None
        self._dataset = Dataset.of(self._table, self._recipe, test=self._test)

    def fit(self) -> None:
        """Fetch what is learnt, and boost."""
        made = self.made
        train, valid = (made.samples(segment) for segment in (Segment.TRAIN, Segment.VALID))
        model_class(self._recipe.kind).fit(train, valid, outputs(made.chain), self._recipe.parameters, lambda *_: None)

    def facts(self) -> dict[str, float]:
        """How much was learnt from."""
        return {"rows": float(self.made.samples(Segment.TRAIN).labels.size)}

    @property
    def made(self) -> Dataset:
        """The dataset; PipelineError before there is one."""
        if self._dataset is None:
            raise PipelineError("there is no dataset yet: ask for one first")
        return self._dataset


def _span(days: Days) -> Span:
    return Span(days[0] * DAY_NS, days[1] * DAY_NS)
