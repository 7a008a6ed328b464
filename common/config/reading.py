"""From a file, or from values, to a configuration, and words for all that is wrong with it."""

from __future__ import annotations

import tomllib
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
        raise ConfigError("\n".join(_told(origin, problem) for problem in error.errors())) from None


def _told(origin: str, problem: Any) -> str:
    key = ".".join(str(part) for part in problem["loc"])
    if not key:
        return f"{origin}: {problem['msg'].removeprefix('Value error, ')}"
    if problem["type"] == "extra_forbidden":
        allowed = _keys_beside(problem["loc"][:-1])
        hint = did_you_mean(str(problem["loc"][-1]), allowed, allowed, most=None)
        return f"{origin}: {key} = {problem['input']!r}: unknown key{hint}"
    if problem["type"] == "missing":
        return f"{origin}: {key}: missing; it has no default"
    return f"{origin}: {key} = {problem['input']!r:.200}: {problem['msg']}"


def _keys_beside(path: tuple[Any, ...]) -> list[str]:
    table: type[BaseModel] = Config
    for part in path:
        if part in table.model_fields:
            kind = table.model_fields[part].annotation
            table = kind if isinstance(kind, type) and issubclass(kind, BaseModel) else Arm
    return list(table.model_fields)
