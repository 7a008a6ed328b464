"""What a training comes to: registered, judged, told, and as plain values."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from common.atomic import replacing
from common.errors import TooFewRowsError
from common.models.processed import load_processed
from common.models.registry import Registry
from common.research.appraisal import appraise, ask
from common.research.dataset import Dataset
from common.research.periods import Segment
from common.research.recipe import Recipe
from common.research.sufficiency import Sufficiency
from common.research.training import train_or_reuse
from common.research.walk_forward import WalkForward
from scripts.command import console, warn
from scripts.outputs import writing
from scripts.views.stages import stages
from scripts.views.training import again, few_rows, model_figures, months_table, scores_table, walk_figures, walk_table


def trained(
    history: pl.DataFrame, recipe: Recipe, dataset: Callable[[], Dataset], models: Registry, author: str
) -> dict[str, Any]:
    """Train or find a model, and judge it on every part of its dataset."""
    with stages(console(), width=8) as say:
        made = train_or_reuse(history, recipe, models, author=author, progress=say, prepared=dataset)
        bundle = models.load(made.ref)
        model = load_processed(bundle, recipe.kinds)
        parts = {segment.value: appraise(ask(model, dataset(), segment), recipe) for segment in dataset().parts}
    sufficiency = Sufficiency(parts[Segment.TRAIN].rows, len(model.model.features))
    _tell(sufficiency)
    console().print(scores_table(f"{made.ref} ({again(made)})", parts))
    console().print(months_table({name: found for name, found in parts.items() if name != "train"}))
    return {**model_figures(made, bundle.manifest, parts), "rows_a_feature": sufficiency.rows_a_feature}


def walked(walk: WalkForward, models: Registry, signals: Path | None) -> dict[str, Any]:
    """Walk forward, and judge the stitched signal."""
    with stages(console(), width=8) as say:
        done = walk.run(models, lambda done, most: say("models", done, most))
    if signals is not None:
        with writing(signals), replacing(signals) as temporary:
            done.signal.write_parquet(temporary)
    _tell(done.sufficiency)
    console().print(walk_table(done))
    parts = {"out of sample": done.appraisal}
    console().print(scores_table("all of them", parts), months_table(parts))
    return {**walk_figures(done), "rows_a_feature": done.sufficiency.rows_a_feature}


def _tell(sufficiency: Sufficiency) -> None:
    if (told := few_rows(sufficiency)) is not None:
        warn(told)


@contextmanager
def naming(bars: Path, cure: str) -> Iterator[None]:
    """Within it, too few rows are told with the file and the options that help."""
    try:
        yield
    except TooFewRowsError as error:
        raise TooFewRowsError(f"{bars}: {error}; {cure}, give more bars, or choose another --set") from error
