"""Writing a configuration as TOML: tables of texts, numbers and flags, which is all it holds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from common.atomic import replacing


def write_toml(path: Path, values: Mapping[str, Any]) -> None:
    """Write nested maps; the file appears whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text("\n".join(_lines(values, ())) + "\n", encoding="utf-8")


def _lines(values: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in values.items() if not isinstance(value, Mapping)}
    tables = {key: value for key, value in values.items() if isinstance(value, Mapping)}
    lines = [f"\n[{'.'.join(path)}]"] if path and (plain or not tables) else []
    lines += [f"{key} = {_written(value)}" for key, value in plain.items()]
    for key, table in tables.items():
        lines += _lines(table, (*path, key))
    return lines


def _written(value: Any) -> str:
    # JSON's way of writing a text, a number or a flag is TOML's, but for escapes in pairs and one control character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
