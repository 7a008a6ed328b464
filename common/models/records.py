"""What the registry answers with."""

from dataclasses import dataclass
from typing import Literal

Mode = Literal["live", "replay", "history"]
Action = Literal[
    "register", "promote", "rollback", "remove", "retire", "start", "swap", "swap_failed",
    "halt", "resume", "open", "close",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ModelRef:
    """One registered version; digest is 64 hex digits, also the name of the bundle's folder."""

    name: str
    version: int
    digest: str

    def __str__(self) -> str:
        return f"{self.name}/{self.version}"

    @property
    def key(self) -> tuple[str, int]:
        """Name and version: what stays when the bundle is gone."""
        return self.name, self.version


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A registered version with what the registry alone knows of it."""

    ref: ModelRef
    kind: str
    training_key: str
    created_ns: int
    author: str
    removed_ns: int | None = None


@dataclass(frozen=True, slots=True)
class AliasRow:
    """Where an alias of an instance points."""

    instance: str
    alias: str
    ref: ModelRef


@dataclass(frozen=True, slots=True)
class Change:
    """One row of history; `source` and `target` are (name, version), None where there was nothing.

    `arm` is whom an event is about that moved no alias; `answers` the number of the move that it came of, if known.
    """

    number: int
    time_ns: int
    action: Action
    instance: str | None
    alias: str | None
    source: tuple[str, int] | None
    target: tuple[str, int] | None
    by: str
    why: str
    arm: str | None = None
    answers: int | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that moves no alias: what a worker started with, a swap, one that failed, a halt, a forced breaker.

    `answers`: the number of the row that moved the alias, where it comes of one.
    """

    action: Action
    instance: str
    alias: str | None = None
    arm: str | None = None
    source: tuple[str, int] | None = None
    target: tuple[str, int] | None = None
    answers: int | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """From this bar of this journal on, the arm was served by this version (until its next row)."""

    instance: str
    journal: bytes
    mode: Mode
    arm: str
    bar: int
    time_ns: int
    name: str
    version: int
