"""Factor sets as data: names, texts and a default label; shipped ones by name, a user's own by the path of its file."""

import re
from dataclasses import dataclass
from pathlib import Path

from common.errors import FactorError
from common.factors.parser import did_you_mean
from common.factors.references import resolve
from common.factors.set_files import KINDS, read_file

LIBRARY = Path(__file__).parent / "library"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""What a set may be called."""


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
    """Load a shipped set by name, or a user's own by the path of its .toml or .py file."""
    if name in shipped_sets():
        return read_set(LIBRARY / f"{name}.toml")
    if Path(name).suffix in KINDS:
        return read_set(Path(name))
    hint = did_you_mean(name, list(shipped_sets()))
    raise FactorError(f"unknown factor set {name!r}{hint}; a set of your own is named by its file, .toml or .py")


def read_set(path: Path) -> FactorSet:
    """Read a set from a file; factors that name one another are written out, so that each text stands alone."""
    if not NAME.fullmatch(path.stem):
        raise FactorError(f"{path}: a set is named after its file, and topics after the set: it must be {NAME.pattern}")
    written = read_file(path)
    try:
        factors, label = resolve(written.factors, written.label)
    except FactorError as error:
        raise type(error)(f"{path}: {error}") from None
    return FactorSet(path.stem, factors, label)
