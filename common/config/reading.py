"""From a file, or from values, to a configuration, and words for all that is wrong with it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from common.config.arms import Arm
from common.config.instance import Config
from common.errors import ConfigError
from common.nearest import did_you_mean


def load_config(path: Path) -> Config:
    """Read and validate; raises ConfigError that names file, key, value and what is allowed."""
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); give the file with --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    return make_config(values, str(path))


def make_config(values: dict[str, Any], origin: str) -> Config:
    """Validate values that came from `origin`; raises ConfigError."""
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(line for problem in error.errors() for line in _told(origin, problem))) from None


def _told(origin: str, problem: Any) -> Iterator[str]:
    key, told = ".".join(str(part) for part in problem["loc"]), problem["msg"].removeprefix("Value error, ")
    if not key:
        yield f"{origin}: {told}"
    elif problem["type"] == "extra_forbidden":
        allowed = _keys_beside(problem["loc"][:-1])
        hint = did_you_mean(str(problem["loc"][-1]), allowed, allowed, most=None)
        yield f"{origin}: {key} = {problem['input']!r}: unknown key{hint}"
    elif problem["type"] == "missing":
        for name in _without_default(_table_at(problem["loc"])):
            yield f"{origin}: {key}{name}: missing; it has no default"
    else:
        yield f"{origin}: {key} = {problem['input']!r:.200}: {told}"


def _without_default(table: type[BaseModel] | None) -> Iterator[str]:
    """What has to be written of a table, as ends of its key; of what is no table nothing more."""
    if table is None:
        yield ""
        return
    for name, field in table.model_fields.items():
        if field.is_required():
            yield from (f".{name}{end}" for end in _without_default(_table_of(field.annotation)))


def _keys_beside(path: tuple[Any, ...]) -> list[str]:
    return list((_table_at(path) or Config).model_fields)


def _table_at(path: tuple[Any, ...]) -> type[BaseModel] | None:
    """The table at a key; None where there stands no table. What stands in `arms` is the name of an arm."""
    table: type[BaseModel] | None = Config
    for above, part in pairwise(("", *path)):
        field = None if table is None else table.model_fields.get(part)
        table = Arm if above == "arms" else _table_of(field and field.annotation)
    return table


def _table_of(kind: Any) -> type[BaseModel] | None:
    return kind if isinstance(kind, type) and issubclass(kind, BaseModel) else None
