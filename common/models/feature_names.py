"""Feature names in the order of the matrix, kept beside weights that do not know them."""

import json
from collections.abc import Mapping, Sequence

from common.amounts import amount
from common.errors import BundleError

FILE = "features.json"


def encode_features(features: Sequence[str]) -> dict[str, bytes]:
    """The file, by name."""
    return {FILE: json.dumps(list(features)).encode()}


def check_features(files: Mapping[str, bytes], expected: Sequence[str]) -> None:
    """Compare the names and their order; BundleError with the first that differs."""
    found = _decoded(file_of(files, FILE))
    if len(found) != len(expected):
        raise BundleError(f"{FILE} has {amount(len(found), 'feature')}, expected {len(expected)}")
    for place, (has, wanted) in enumerate(zip(found, expected, strict=True)):
        if has != wanted:
            raise BundleError(f"{FILE}: feature {place} is {has!r}, expected {wanted!r}")


def file_of(files: Mapping[str, bytes], name: str) -> bytes:
    """Content of one of a model's files; BundleError if it is not there."""
    if name not in files:
        raise BundleError(f"there is no {name} among {', '.join(sorted(files)) or 'no files'}")
    return files[name]


def _decoded(body: bytes) -> list[str]:
    try:
        found = json.loads(body.decode())
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{FILE} is not readable JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(name, str) for name in found):
        raise BundleError(f"{FILE} is not a list of names")
    return found
