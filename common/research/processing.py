"""Which processors a model is trained with, from what people write."""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from common.errors import ConfigError, FactorError
from common.factors.processors.feature_block import LABEL
from common.factors.processors.processor import Processor
from common.factors.processors.table import make_processor
from common.nearest import did_you_mean

PARTS = ("infer", "learn")


@dataclass(frozen=True, slots=True)
class Processing:
    """Processors of the features, which go with the model, and of the label, which training alone needs.

    learn: None leaves the label to the recipe's `label_processing`; () learns it as it is.
    """

    infer: tuple[Processor, ...] = ()
    learn: tuple[Processor, ...] | None = None

    def __post_init__(self) -> None:
        for each in self.infer:
            if LABEL in (getattr(each, "names", None) or ()):
                raise FactorError(
                    f"{each.name} names the label, which is not there when a model answers; "
                    "make it a learn processor of its own"
                )

    @property
    def label_text(self) -> str:
        """What is done to the label, as the manifest says it."""
        return ", ".join(_text(each) for each in self.learn or ()) or "none"


AS_THEY_ARE = Processing()
"""Features as the engine gives them."""


def read_processing(path: Path) -> Processing:
    """Read a TOML file of `[[infer]]` and `[[learn]]` tables: `name`, and parameters by theirs. ConfigError if not."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read as TOML: {error}") from error
    if not tables:
        raise ConfigError(f"{path}: names no processor: write [[infer]] or [[learn]] tables, or leave the file out")
    for part in tables:
        if part not in PARTS:
            raise ConfigError(f"{path}: there is no {part!r}{did_you_mean(part, PARTS)}")
    infer, learn = (_read_part(path, part, tables.get(part)) for part in PARTS)
    return Processing(infer or (), learn)


def processing_of(infer: Iterable[str], learn: Sequence[str]) -> Processing:
    """From texts such as `cs_norm:method=zscore`, in order; no learn processor leaves the label to the recipe."""
    found = tuple(read_processor(text) for text in learn)
    return Processing(tuple(read_processor(text) for text in infer), found or None)


def read_processor(text: str) -> Processor:
    """Read NAME or NAME:KEY=VALUE,KEY=VALUE, values as TOML writes them, a bare word being a text."""
    name, _, rest = text.partition(":")
    given = dict(read_setting(part) for part in _split(rest)) if rest else {}
    return make_processor(name, _plain(given))


def read_setting(text: str) -> tuple[str, Any]:
    """Read KEY=VALUE with the value as TOML writes it; a bare word is a text. ConfigError without a key or a value."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise ConfigError(f"{text!r} is not KEY=VALUE, such as num_leaves=15")
    try:
        return key, tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key, value


def _read_part(path: Path, part: str, tables: object) -> tuple[Processor, ...] | None:
    if tables is None:
        return None
    if not isinstance(tables, list) or not all(isinstance(each, dict) and "name" in each for each in tables):
        raise ConfigError(f"{path}: {part} must be [[{part}]] tables, each with a name")
    try:
        return tuple(
            make_processor(str(each["name"]), _plain({key: value for key, value in each.items() if key != "name"}))
            for each in tables
        )
    except FactorError as error:
        raise ConfigError(f"{path}: {part}: {error}") from error


def _split(text: str) -> list[str]:
    """Cut at commas that stand in no bracket and no quotes."""
    parts, depth, quoted = [""], 0, False
    for letter in text:
        quoted ^= letter == '"'
        depth += 0 if quoted else (letter == "[") - (letter == "]")
        if letter == "," and depth == 0 and not quoted:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """One name alone is a list of one, and TOML's dates are texts again."""
    dated = {key: value.isoformat() if isinstance(value, date) else value for key, value in given.items()}
    return {key: [value] if key == "names" and isinstance(value, str) else value for key, value in dated.items()}


def _text(processor: Processor) -> str:
    given = (f"{key}={json.dumps(value)}" for key, value in processor.parameters.items() if value is not None)
    return f"{processor.name}({', '.join(given)})"
