"""What the code says of processes, client and commands, in the form of the tables of the other pages."""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from alphabus import client, errors, testing
from alphabus.endpoints import SERVICES
from alphabus.losses import LOSSES
from alphabus.lost import UNREADABLE
from common import exits as exit_statuses
from common.command import DONE
from common.config import Arm, Config
from common.replay.claim import cleared
from scripts.models.__main__ import VERBS
from services.inference_worker.breaker import State
from tests.docs.modules import takes
from tests.docs.pages import ROOT, column, words

Rows = list[list[str]]
Compared = tuple[object, object]

LAYERS = ("alphabus", "common", "services", "scripts")
NO_SCRIPTS = (
    *("__init__", "bar_options", "choice", "command", "members", "outputs", "preflight", "premises", "replay_options"),
)


@cache
def code() -> str:
    """All the code as one text, with the pieces of texts that run over several lines joined."""
    files = [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return re.sub(r"\"\n\s+f?\"", "", text)


def processes(rows: Rows) -> Compared:
    """The five processes in the order of the path."""
    return column(rows), list(SERVICES)


def who_acknowledges(rows: Rows) -> Compared:
    """Only processes acknowledge, and only to processes."""
    said = {word for row in rows for word in (*words(row[0]), *words(row[1]))}
    return said, set(SERVICES) - {"monitor"}


def deaths(rows: Rows) -> Compared:
    """Every process, and the executor."""
    return set(column(rows)), {*SERVICES, "an executor"}


def script_verbs(rows: Rows) -> Compared:
    """Every script and every verb of scripts.models; the options named are theirs."""
    said = {words(row[0])[0]: {word for word in words(row[1]) if word.startswith("--")} for row in rows}
    files = [*ROOT.glob("scripts/*.py"), *(path.parent for path in ROOT.glob("scripts/*/__main__.py"))]
    names = {path.stem for path in files} - set(NO_SCRIPTS)
    true = {f"python -m scripts.{name}" for name in names - {"models"}}
    true |= {f"python -m scripts.models {verb}" for verb in VERBS}
    wrong = [option for command, options in said.items() for option in options if not takes(command.split()[2], option)]
    return (set(said), wrong), (true, [])


def configuration(rows: Rows) -> Compared:
    """Every key with its default."""
    said = dict(zip(column(rows), (row[1].strip("`") for row in rows), strict=True))
    return said, {name: _told(default) for name, default in defaults().items()}


def environment(rows: Rows) -> Compared:
    """Every variable of ours that the code names; there may be more in the table (the tests' own)."""
    named = set(re.findall(r"\b(?:ALPHABUS|XDG)_[A-Z_]+\b", code()))
    return named - set(column(rows)), set()


def section(rows: Rows) -> Compared:
    """What a section offers."""
    return _bare(rows), _public(client.Section)


def client_members(rows: Rows) -> Compared:
    """What a client offers; the limits of time it names are its own."""
    named = {word.partition("(")[0]: word for word in (words(row[0])[0] for row in rows)}
    wrong = [
        word
        for name, word in named.items()
        if word.endswith(")") and _parameters(getattr(client.SignalClient, name)) != _listed(word)
    ]
    return (set(named), wrong), (_public(client.SignalClient), [])


def links(rows: Rows) -> Compared:
    """Every state of the link."""
    told = client.SignalClient.link.__doc__ or ""
    return set(column(rows)), set(re.findall(r"current|gap|stale|overdue|refused", told))


def losses(rows: Rows) -> Compared:
    """Every kind that a client counts."""
    return set(column(rows)), {*LOSSES, UNREADABLE}


def client_errors(rows: Rows) -> Compared:
    """Every error of the client side but the root."""
    found = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)}
    return set(column(rows)), found - {"AlphabusError"}


def testing_names(rows: Rows) -> Compared:
    """What `alphabus.testing` offers."""
    return set(column(rows)), set(testing.__all__)


def verbs(rows: Rows) -> Compared:
    """Every verb a process answers is in the code, and no other; likewise their arguments."""
    asked = set(re.findall(r"request\.verb == \"([a-z]+)\"", code()))
    arguments = {word for row in rows for word in words(row[2])}
    lost = [word for word in arguments if f'"{word}"' not in code()]
    return (set(column(rows)), lost), (asked, [])


def events(rows: Rows) -> Compared:
    """Every event that is logged, and no other."""
    logged = set(re.findall(r"log\.(?:info|warning|error|exception)\(\s*\"([a-z_]+)\"", code()))
    told = set(re.findall(r"Told\((?:\"[a-z]+\"[^,]*|level),\s*\"([a-z_]+)\"", code()))
    chosen = set(re.findall(r"\bevent = \"([a-z_]+)\"|\"(model_[a-z_]+)\" if", code()))
    breaker = {f"breaker_{state}" for state in State}
    return set(column(rows)), logged | told | {name for pair in chosen for name in pair if name} | breaker


def folders(rows: Rows) -> Compared:
    """The files that are named are named in the code."""
    parts = {part for row in rows for word in words(row[0]) for part in re.findall(r"[a-z.]{3,}", word)}
    return {part for part in parts if part.strip(".") not in code()}, set()


def results(rows: Rows) -> Compared:
    """What a replay writes is what the next one removes."""
    return {name.rstrip("/") for name in column(rows)}, {path.name for path in cleared(Path())}


def commands(rows: Rows) -> Compared:
    """Every verb of scripts.control."""
    return column(rows), list(DONE)


def exits(rows: Rows) -> Compared:
    """No status stands twice for one thing; all that have a name are there, and no other."""
    said = [(row[0], int(row[1])) for row in rows]
    named = {status for status in vars(exit_statuses).values() if isinstance(status, int)}
    return (len(said), {status for _, status in said}), (len(set(said)), named)


def troubleshooting(rows: Rows) -> Compared:
    """Every message is said by the code; what is in capitals stands for something."""
    pieces = [piece for row in rows for word in words(row[0]) for piece in re.split(r"\b[A-Z]{3,}\b", word)]
    return [piece for piece in pieces if len(piece) > 3 and piece.strip(" =") not in code()], []


def folders_of_code(rows: Rows) -> Compared:
    """Every folder at the top that is under version control by its nature, and none that is not there."""
    said = set(column(rows))
    top = {f"{name}/" for name in (*LAYERS, "tests", "config", "requirements")}
    return ({name for name in said if not (ROOT / name).is_dir()}, top - said), (set(), set())


def additions(rows: Rows) -> Compared:
    """Every row names a test that is there."""
    named = [[word for word in words(row[2]) if word.startswith("tests/")] for row in rows]
    return [row for row in named if not row or not all((ROOT / name).is_file() for name in row)], []


def defaults() -> dict[str, Any]:
    """Every key of the configuration, dotted, with its default; PydanticUndefined where it has none."""
    return dict(_keys(Config, ""))


def _keys(table: type[BaseModel], prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, item in table.model_fields.items():
        inner = _table_in(item.annotation)
        path = f"{prefix}{name}." + ("champion." if inner is Arm else "")
        found += [(prefix + name, item.default)] if inner is None else _keys(inner, path)
    return found


def _table_in(annotation: Any) -> type[BaseModel] | None:
    kinds = get_args(annotation) if get_origin(annotation) in (dict, Union, UnionType) else (annotation,)
    return next((kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)), None)


def _told(default: Any) -> str:
    if default is PydanticUndefined:
        return "-"
    if default is None:
        return "none"
    if isinstance(default, bool):
        return str(default).lower()
    return f'"{default}"' if isinstance(default, (str, Path)) else str(default)


def _bare(rows: Rows) -> set[str]:
    return {name.partition("(")[0] for name in column(rows)}


def _public(kind: type) -> set[str]:
    annotated = set(getattr(kind, "__annotations__", {}))
    return {name for name in {*vars(kind), *annotated} if not name.startswith("_")}


def _parameters(function: Any) -> list[str]:
    return [name for name in inspect.signature(function).parameters if name != "self"]


def _listed(word: str) -> list[str]:
    return [name for name in word.partition("(")[2].rstrip(")").split(", ") if name]
