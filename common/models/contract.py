"""Whether a class keeps the contract of a kind of model, and what it lacks."""

import inspect
from collections.abc import Iterator
from typing import Any, cast

from common.errors import ModelError
from common.models.predictor import Predictor

VERBS = ("fit", "predict", "detail", "save", "load", "settings")


def check_contract(kind: str, found: Any) -> type[Predictor]:
    """Return the class; ModelError that lists everything it lacks."""
    if not inspect.isclass(found):
        raise ModelError(f"model kind {kind!r} is {type(found).__name__}, not a class; name a class that can predict")
    if lacks := [*_attributes(kind, found), *_verbs(found)]:
        raise ModelError(f"model kind {kind!r}: {found.__module__}.{found.__qualname__} {'; '.join(lacks)}")
    return cast("type[Predictor]", found)


def _attributes(kind: str, found: type) -> Iterator[str]:
    if getattr(found, "kind", None) != kind:
        yield f"says kind = {getattr(found, 'kind', None)!r}, expected {kind!r}"
    libraries = getattr(found, "libraries", None)
    if not isinstance(libraries, tuple) or not all(isinstance(name, str) for name in libraries):
        yield "needs libraries: a tuple of distribution names"
    tolerance = getattr(found, "golden_tolerance", None)
    if not isinstance(tolerance, float) or not 0.0 <= tolerance < 1.0:
        yield "needs golden_tolerance: 0.0 for equal bits, else the greatest absolute difference"
    if not hasattr(found, "features") and "features" not in inspect.get_annotations(found):
        yield "needs features: the names in the order of the matrix"


def _verbs(found: type) -> Iterator[str]:
    for verb in VERBS:
        expected = list(inspect.signature(getattr(Predictor, verb)).parameters)
        method = getattr(found, verb, None)
        if not callable(method):
            yield f"has no {verb}({', '.join(expected)})"
        elif (given := list(inspect.signature(method).parameters)) != expected:
            yield f"has {verb}({', '.join(given)}), expected {verb}({', '.join(expected)})"
