"""Manifests: one form of bytes, and nothing else is read."""

import json

import pytest

from common.errors import BundleError
from common.models.manifest import FORMAT, canonical, decode_manifest, encode_manifest
from tests.common.models.sample_bundle import draft


def test_what_is_written_is_read_back() -> None:
    """A manifest survives its bytes."""
    assert decode_manifest(encode_manifest(draft())) == draft()


def test_bytes_are_canonical() -> None:
    """Keys are sorted, there are no spaces, floats are shortest, letters beyond ASCII are escaped."""
    assert canonical({"b": 0.1, "a": ["ä", 1e22, -0.0, 1]}) == b'{"a":["\\u00e4",1e+22,-0.0,1],"b":0.1}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), {1, 2}, b"bytes"])
def test_what_json_has_no_word_for_is_refused(value: object) -> None:
    """NaN, infinities, sets and bytes cannot be written."""
    with pytest.raises(BundleError, match="finite numbers"):
        canonical({"value": value})


def _edited(change: dict[str, object]) -> bytes:
    return canonical({**json.loads(encode_manifest(draft())), **change})


def _with_set(name: str) -> bytes:
    """Another name of the factor set: topics and files are called by it."""
    return _edited({"factor_set": {**json.loads(encode_manifest(draft()))["factor_set"], "name": name}})


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "not readable JSON"),
        (b"\xff", "not readable JSON"),
        (b"[" * 100_000, "not readable JSON"),
        (b'{"format":1,"format":1}', "a key stands twice"),
        (b'{"format":NaN}', "NaN"),
        (b"[]", "does not say its format"),
        (b'{"format":"1"}', "does not say its format"),
        (b'{"format": 1}', "canonical"),
        (b'{"format":1}', "name: "),
        (_edited({"format": FORMAT + 1}), "update Alphabus"),
        (_edited({"surprise": 1}), "surprise: "),
        (_edited({"name": "../up"}), "name: "),
        (_edited({"kind": "../up"}), "kind: "),
        (_with_set("../../evil"), "factor_set.name: "),
        (_with_set("a.b"), "factor_set.name: "),
        (_with_set("/srv/evil"), "factor_set.name: "),
        (_with_set("evil\n"), "factor_set.name: "),
        (_edited({"features": "abc"}), "features: "),
        (_edited({"scores": {"ic": "0.1"}}), "scores.ic: "),
        (_edited({"files": {"a/b": {"digest": "0" * 64, "size": 1}}}), "files.a/b"),
        (_edited({"files": {"..": {"digest": "0" * 64, "size": 1}}}), "files..."),
        (_edited({"files": {"a": {"digest": "0" * 63, "size": 1}}}), "files.a.digest"),
    ],
)
def test_anything_else_is_refused(body: bytes, told: str) -> None:
    """The error says which key is wrong."""
    with pytest.raises(BundleError) as refused:
        decode_manifest(body)
    assert told in str(refused.value)
