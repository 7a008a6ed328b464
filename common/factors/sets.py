"""Factor sets as data: names, texts and a default label, read from TOML."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from common.errors import FactorError
from common.factors.parser import did_you_mean

LIBRARY = Path(__file__).parent / "library"


@dataclass(frozen=True, slots=True)
class FactorSet:
    """Named factor texts, in the order of their columns, and the label a model is trained on by default."""

    name: str
    factors: tuple[tuple[str, str], ...]
    label: str


def shipped_sets() -> tuple[str, ...]:
    """Names of the sets in the library."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.toml")))


def load_set(name: str) -> FactorSet:
    """Load a shipped set by name."""
    if name not in shipped_sets():
        raise FactorError(f"unknown factor set {name!r}{did_you_mean(name, list(shipped_sets()))}")
    return read_set(LIBRARY / f"{name}.toml")


def read_set(path: Path) -> FactorSet:
    """Read a set from a TOML file: `label = TEXT` and a table `factors` of NAME = TEXT."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FactorError(f"{path}: cannot be read as a factor set: {error}") from error
    unknown = sorted(set(content) - {"label", "factors"})
    if unknown:
        raise FactorError(f"{path}: unknown key {unknown[0]!r}{did_you_mean(unknown[0], ['label', 'factors'])}")
    label, factors = content.get("label"), content.get("factors")
    if not isinstance(label, str):
        raise FactorError(f"{path}: `label` must be the text of an expression")
    if not isinstance(factors, dict) or not factors:
        raise FactorError(f'{path}: `[factors]` must hold at least one NAME = "TEXT"')
    for each, text in factors.items():
        if not isinstance(text, str):
            raise FactorError(f"{path}: factor {each!r} must be text, not {text!r}")
    return FactorSet(path.stem, tuple(factors.items()), label)
