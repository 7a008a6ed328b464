"""A recipe as plain values, and back: what decides a dataset, and which model is to be made of it."""

from typing import Any

from common.errors import DatasetError
from common.factors.processors.processor import Processor
from common.factors.processors.table import make_processor
from common.factors.sets import FactorSet
from common.market.constituents import Constituents, Interval
from common.market.span import Span
from common.models.processors import words_of
from common.research.periods import Periods
from common.research.processing import Processing
from common.research.recipe import Recipe

Words = dict[str, Any]

PLAIN = ("name", "kind", "validation_share", "label_processing", "patience_bars", "min_coverage")


def encode_recipe(recipe: Recipe) -> Words:
    """All of it but the code of own kinds; DatasetError for a set that calls operators of the user's own code."""
    return {
        **{name: getattr(recipe, name) for name in PLAIN},
        "factor_set": _set_words(recipe.factor_set),
        "parameters": dict(recipe.parameters),
        "infer": _chain_words(recipe.processing.infer),
        "learn": _chain_words(recipe.processing.learn),
        "periods": None if recipe.periods is None else recipe.periods.settings,
        "constituents": _stays(recipe.constituents),
    }


def decode_recipe(words: Words) -> Recipe:
    """What `encode_recipe` was given; errors of ours for what is none."""
    periods, stays = words["periods"], words["constituents"]
    return Recipe(
        **{name: words[name] for name in PLAIN},
        factor_set=_set_of(words["factor_set"]),
        parameters=words["parameters"],
        processing=Processing(_processors(words["infer"]) or (), _processors(words["learn"])),
        periods=None if periods is None else Periods(Span(*periods["train"]), Span(*periods["valid"])),
        constituents=None if stays is None else Constituents(tuple(Interval(*stay) for stay in stays)),
    )


def _set_words(factor_set: FactorSet) -> Words:
    alone = factor_set.written_out()
    if alone.operators:
        names = ", ".join(sorted(each.name for each in alone.operators))
        raise DatasetError(
            f"factor set {alone.name!r} calls {names}, whose code lies in the set's own file and is not kept here; "
            "keep that file, and the factors in a cache"
        )
    return {
        "name": alone.name,
        "factors": [list(pair) for pair in alone.factors],
        "label": alone.label,
        "max_gap": alone.max_gap,
        "reset": alone.reset,
    }


def _set_of(words: Words) -> FactorSet:
    factors = tuple((name, text) for name, text in words["factors"])
    return FactorSet(words["name"], factors, words["label"], words["max_gap"], words["reset"])


def _chain_words(processors: tuple[Processor, ...] | None) -> list[Words] | None:
    return None if processors is None else [dict(words_of(each)) for each in processors]


def _processors(words: list[Words] | None) -> tuple[Processor, ...] | None:
    return None if words is None else tuple(make_processor(each["name"], each["parameters"]) for each in words)


def _stays(constituents: Constituents | None) -> list[list[Any]] | None:
    if constituents is None:
        return None
    return [[each.symbol, each.first, each.last] for each in constituents.intervals]
