"""Which kinds of model there are; a kind's library is imported only when a model of it is used."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from common.errors import BundleError, ModelError
from common.models.bundle import Bundle
from common.models.names import did_you_mean
from common.models.predictor import Predictor

KINDS: Mapping[str, str] = MappingProxyType({"lightgbm": "common.models.lightgbm:LightGBMModel"})


def model_class(kind: str) -> type[Predictor]:
    """Return the class of a kind; ModelError with the closest one if it is unknown or its library is missing."""
    if kind not in KINDS:
        raise ModelError(f"there is no model kind {kind!r}{did_you_mean(kind, KINDS)}")
    module, _, name = KINDS[kind].partition(":")
    try:
        found: type[Predictor] = getattr(import_module(module), name)
    except (ImportError, OSError) as error:
        raise ModelError(f"model kind {kind!r} cannot be loaded: {error}") from error
    return found


def load_predictor(bundle: Bundle) -> Predictor:
    """Return the model of a verified bundle, ready to predict."""
    manifest = bundle.manifest
    try:
        return model_class(manifest.kind).load(bundle.files, manifest.features)
    except BundleError as error:
        raise BundleError(f"bundle {bundle.digest[:12]} ({manifest.name}): {error}") from error
