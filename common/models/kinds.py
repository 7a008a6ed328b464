"""Which kinds of model there are; a kind's library is imported only when a model of it is used.

A user's own kind is a class that can be imported, named by whoever runs the pipeline and never by a bundle: a bundle
says only the kind's name. `ALPHABUS_KINDS` hands the names down to the executor's children.
"""

import inspect
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from types import MappingProxyType

from common.errors import BundleError, ModelError
from common.models.bundle import Bundle
from common.models.contract import check_contract
from common.models.predictor import Predictor
from common.nearest import did_you_mean

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "lightgbm": "common.models.lightgbm:LightGBMModel",
        "linear": "common.models.linear:LinearModel",
        "mlp": "common.models.mlp:MlpModel",
    }
)

VARIABLE = "ALPHABUS_KINDS"

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_PATH = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def own_kinds(entries: Mapping[str, str]) -> Mapping[str, str]:
    """Return the built-in kinds and a user's own, name -> `module:Class`; ModelError for what cannot be one."""
    for name, path in entries.items():
        if name in KINDS:
            raise ModelError(f"model kind {name!r} is built in; give yours another name")
        if not _NAME.fullmatch(name):
            raise ModelError(f"model kind {name!r} is not allowed: it must match ^{_NAME.pattern}$")
        if not _PATH.fullmatch(path):
            raise ModelError(f"model kind {name!r}: {path!r} is not module:Class, such as mymodels.forest:Forest")
    return {**KINDS, **entries}


def encode_kinds(entries: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variable that names these kinds to a child process; nothing for none."""
    own_kinds(entries)
    return {VARIABLE: ",".join(f"{name}={path}" for name, path in sorted(entries.items()))} if entries else {}


def decode_kinds(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the own kinds an environment names; ModelError if they are not name=module:Class,..."""
    return read_entries(filter(None, environment.get(VARIABLE, "").split(",")))


def read_entries(texts: Iterable[str]) -> dict[str, str]:
    """Read `name=module:Class` texts; ModelError for any other, and for a name that stands twice."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, path = text.partition("=")
        if not equals or name in found:
            raise ModelError(f"model kind {text!r}: expected one name=module:Class a kind")
        found[name] = path
    own_kinds(found)
    return found


def known_kinds() -> Mapping[str, str]:
    """Return the built-in kinds and those this process was told of."""
    return own_kinds(decode_kinds(os.environ))


def model_class(kind: str, kinds: Mapping[str, str] | None = None) -> type[Predictor]:
    """Return the class of a kind; ModelError if it is unknown, cannot be imported, or does not keep the contract."""
    kinds = known_kinds() if kinds is None else kinds
    check_kind(kind, kinds)
    module, _, name = kinds[kind].partition(":")
    try:
        found = getattr(import_module(module), name)
    except (ImportError, OSError, AttributeError) as error:
        raise ModelError(f"model kind {kind!r} cannot be loaded from {kinds[kind]}: {error}") from error
    return check_contract(kind, found)


def check_kind(kind: str, kinds: Mapping[str, str] | None = None) -> None:
    """Refuse a kind that nobody has told of, with the closest name; its class is not imported. ModelError."""
    kinds = known_kinds() if kinds is None else kinds
    if kind not in kinds:
        raise ModelError(f"there is no model kind {kind!r}{did_you_mean(kind, kinds)}")


def own_source(kind: str, kinds: Mapping[str, str] | None = None) -> str | None:
    """SHA-256 (hex) of the file an own kind's class stands in, None for a built-in kind."""
    if kind in KINDS:
        return None
    file = inspect.getsourcefile(model_class(kind, kinds))
    return sha256(Path(file).read_bytes()).hexdigest() if file else None


def load_predictor(
    bundle: Bundle, kinds: Mapping[str, str] | None = None, features: Sequence[str] | None = None
) -> Predictor:
    """Return the model of a verified bundle, ready to predict; `features` it reads: the manifest's, unless told."""
    manifest = bundle.manifest
    try:
        return model_class(manifest.kind, kinds).load(bundle.files, manifest.features if features is None else features)
    except BundleError as error:
        raise BundleError(f"bundle {bundle.digest[:12]} ({manifest.name}): {error}") from error
