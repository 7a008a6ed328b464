"""What is written as TOML is read back as it was."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.replay.toml import write_toml

KEYS = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=12)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
PLAIN = TEXTS | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TABLES = st.dictionaries(
    KEYS, st.recursive(PLAIN, lambda inner: st.dictionaries(KEYS, inner, max_size=4), max_leaves=12), max_size=6
)


@given(values=TABLES)
def test_round_trip(tmp_path_factory: Any, values: dict[str, Any]) -> None:
    """Texts of any characters, numbers to the bit, flags, and tables in tables, empty ones among them."""
    path: Path = tmp_path_factory.mktemp("toml") / "config.toml"
    write_toml(path, values)
    read = tomllib.loads(path.read_text(encoding="utf-8"))
    assert read == values
    assert repr(sorted_tables(read)) == repr(sorted_tables(values))  # True is not 1, and 1 is not 1.0


def sorted_tables(values: Any) -> Any:
    """The same with keys in order, so that only values differ."""
    return {key: sorted_tables(values[key]) for key in sorted(values)} if isinstance(values, dict) else values
