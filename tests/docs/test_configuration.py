"""The example configuration has every key, and every configuration in the pages is valid."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
from pydantic_core import PydanticUndefined

from common.config import load_config, make_config
from tests.docs.pages import ROOT, Block, blocks, pages
from tests.docs.process_facts import defaults

EXAMPLE = ROOT / "config/alphabus.toml"
SMALLEST: dict[str, Any] = {"instance": "x", "state": "state/x", "feed": {"source": {"bars": "x.parquet"}}}
YOURS = {"instance", "state", "logs", "feed.source.bars"}

_COMMENTED = re.compile(r"^# ([a-z_]+ = .+)$", re.MULTILINE)
_NAMED = re.compile(r"(?:feed|factors|inference|bus|arms)(?:\.[a-z_]+)+")


def flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as one, keys dotted."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return found


def merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """One configuration laid over another."""
    inner = {name: merged(below[name], value) for name, value in above.items() if isinstance(below.get(name), dict)}
    return {**below, **above, **inner}


def uncommented() -> dict[str, Any]:
    """The example with its keys without a default switched on."""
    return flat(tomllib.loads(_COMMENTED.sub(r"\1", EXAMPLE.read_text(encoding="utf-8"))))


def test_the_example_is_valid() -> None:
    """As it stands."""
    assert load_config(EXAMPLE).instance == "demo"


def test_the_example_has_every_key() -> None:
    """A new key without a line there fails here."""
    assert set(uncommented()) == set(defaults())


def test_the_example_has_the_defaults() -> None:
    """What is switched on is the default, but for what is everybody's own; what is a comment has none."""
    active = flat(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")))
    true = {name: value for name, value in defaults().items() if value is not None and value is not PydanticUndefined}
    assert {name: value for name, value in active.items() if name not in YOURS} == {
        name: value if isinstance(value, (int, float)) else str(value) for name, value in true.items()
    }


@pytest.mark.parametrize(
    "name", sorted(set(uncommented()) - set(flat(tomllib.loads(EXAMPLE.read_text(encoding="utf-8")))))
)
def test_what_the_example_has_as_a_comment_is_legal(name: str) -> None:
    """Each by itself: two of them may exclude each other."""
    value: Any = uncommented()[name]
    for part in reversed(name.split(".")):
        value = {part: value}
    assert make_config(merged({**SMALLEST, "interval_ns": 60_000_000_000}, value), "the example").instance == "x"


@pytest.mark.parametrize("block", blocks("toml"), ids=lambda block: block.place)
def test_a_configuration_in_the_pages_is_valid(block: Block) -> None:
    """Whole, or laid over the smallest one."""
    assert make_config(merged(SMALLEST, tomllib.loads(block.code)), block.place).arms


def test_the_smallest_file_is_the_smallest() -> None:
    """Nothing in it can be left out."""
    (block,) = [block for block in blocks("toml") if "instance" in block.code]
    needed = {name for name, value in defaults().items() if value is PydanticUndefined}
    assert set(flat(tomllib.loads(block.code))) == needed


def test_keys_named_in_the_pages_exist() -> None:
    """In backticks and dotted, a key or a table of keys."""
    known = set(defaults())
    named = {span for page in pages() for span in page.spans if _NAMED.fullmatch(span)}
    assert named
    assert {name for name in named if not any(key == name or key.startswith(f"{name}.") for key in known)} == set()
