"""Files a factor set is written in: TOML, or Python that leaves `factors` and `label` behind."""

import re
import runpy
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from types import MappingProxyType
from typing import Any

from common.errors import FactorError
from common.factors.definition import Operator
from common.factors.depth import check_depth
from common.factors.expression import Expression
from common.factors.own_operators import composition
from common.nearest import did_you_mean

KEYS = ("label", "factors", "operators", "max_gap", "reset")


@dataclass(frozen=True, slots=True)
class Written:
    """What a file says: texts by name, in order, the text of the label, and what may be left out."""

    factors: Mapping[str, str]
    label: str
    operators: tuple[Operator, ...] = ()
    max_gap: Any = None
    reset: Any = None


def read_file(path: Path) -> Written:
    """Read a file of either kind; raises FactorError that names the file and what is wrong in it."""
    reader = KINDS.get(path.suffix)
    if reader is None:
        raise FactorError(
            f"{path}: a factor set is a file {' or '.join(KINDS)}, not {path.suffix or 'without a suffix'}"
        )
    if not path.is_file():
        raise FactorError(f"{path}: cannot be read as a factor set: no such file")
    content = reader(path)
    label, factors = _text(path, "label", content.get("label")), content.get("factors")
    if label is None:
        raise FactorError(f"{path}: `label` must be the text of an expression")
    if not isinstance(factors, Mapping) or not factors:
        raise FactorError(f'{path}: `[factors]` must hold at least one NAME = "TEXT"')
    texts: dict[str, str] = {}
    for name, value in factors.items():
        text = _text(path, f"factor {name!r}", value)
        if text is None or not isinstance(name, str):
            raise FactorError(f"{path}: factor {name!r} must be text, not {value!r}")
        texts[name] = text
    return Written(
        texts, label, _operators(path, content.get("operators", ())), content.get("max_gap"), content.get("reset")
    )


def _text(path: Path, who: str, value: object) -> str | None:
    """Take a text as it is, and an expression built in Python as its text; FactorError for one that is too deep."""
    if isinstance(value, Expression):
        check_depth(f"{path}: {who}", value)
    return str(value) if isinstance(value, str | Expression) else None


def _operators(path: Path, written: object) -> tuple[Operator, ...]:
    """Take TOML's table of texts by usage, each of which may call those above it, or a list that Python made."""
    if not isinstance(written, Mapping):
        found = tuple(written) if isinstance(written, list | tuple) else (written,)
        odd = next((each for each in found if not isinstance(each, Operator)), None)
        if odd is not None:
            raise FactorError(f"{path}: `operators` must list what composition or window_operator made, not {odd!r}")
        return found
    made: list[Operator] = []
    below = [str(usage).partition("(")[0].strip() for usage in written]
    for usage, text in written.items():
        if not isinstance(text, str):
            raise FactorError(f"{path}: operator {usage!r} must be text, not {text!r}")
        if called := [name for name in below[len(made) :] if re.search(rf"(?<![\w.]){re.escape(name)} *\(", text)]:
            raise FactorError(
                f"{path}: operator {usage!r} calls {called[0]!r}, which does not stand above it: an operator may call "
                "those above, and not itself"
            )
        try:
            made.append(composition(usage, text, operators=made))
        except FactorError as error:
            raise type(error)(f"{path}: {error}") from None
    return tuple(made)


def _toml(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FactorError(f"{path}: cannot be read as a factor set: {error}") from error
    unknown = sorted(set(content) - set(KEYS))
    if unknown:
        raise FactorError(f"{path}: unknown key {unknown[0]!r}{did_you_mean(unknown[0], KEYS)}")
    return content


def _python(path: Path) -> dict[str, Any]:
    """Run the user's own file, as Python runs a script; what else it defines is its own affair."""
    try:
        return runpy.run_path(str(path), run_name="factor_set")
    except (Exception, SystemExit) as error:  # the file is the user's program and may raise anything
        lines = [each.lineno for each in extract_tb(error.__traceback__) if each.filename == str(path)]
        where = f"line {lines[-1]}: " if lines else ""
        raise FactorError(f"{path}: {where}{type(error).__name__}: {error}") from error


KINDS: Mapping[str, Callable[[Path], dict[str, Any]]] = MappingProxyType({".toml": _toml, ".py": _python})
"""How a file is read, by its suffix."""
