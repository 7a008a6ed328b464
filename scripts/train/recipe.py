"""From options to a recipe: the set, the kind with its parameters, the processors."""

from collections.abc import Mapping
from pathlib import Path

import typer

from common.factors.sets import FactorSet, load_set
from common.models.kinds import model_class
from common.models.names import check_name
from common.research import processing
from common.research.processing import Processing, read_processing, read_setting
from common.research.recipe import Recipe
from scripts.command import usage


def recipe_of(name: str, factor_set: str, kind: str, kinds: Mapping[str, str], parameters: list[str]) -> Recipe:
    """A model to train, in the kind's own parameters; typer.BadParameter names the option that is wrong."""
    with usage("--name"):
        check_name("model", name)
    with usage("--set"):
        chosen: FactorSet = load_set(factor_set)
    with usage("--kind"):
        model = model_class(kind, kinds)
    with usage("--parameter"):
        settings = model.settings(dict(read_setting(text) for text in parameters))
    return Recipe(name, chosen, kind, settings, kinds=kinds)


def processing_of(infer: list[str], learn: list[str], file: Path | None) -> Processing:
    """Processors by the options, or by a file of them."""
    if file is not None and (infer or learn):
        raise typer.BadParameter("the file names all processors, or the options do", param_hint="--processors")
    with usage("--processors" if file else "--processor, --learn-processor"):
        return processing.processing_of(infer, learn) if file is None else read_processing(file)
