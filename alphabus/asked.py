"""What a question may ask, and what its asker is told when it cannot be answered (pure)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from alphabus.errors import AlphabusError, EncodeError
from alphabus.messages import Request
from alphabus.outbox import CHUNK_BYTES, Page, Record
from alphabus.schema import KEYS

MAX_DETAIL = 1000


@dataclass(frozen=True, slots=True)
class Replay:
    """What a `replay` asks for; `journal` is empty where none is known yet."""

    topic: str
    journal: bytes
    bar: int
    most_bytes: int
    part: int

    def of(self, record: Record) -> Page:
        """What the record has of it."""
        return record.since(self.topic, self.journal, self.bar, self.most_bytes, self.part)


def replay_of(request: Request) -> Replay:
    """Read a `replay` request; raises ValueError."""
    if not {"topic", "journal", "bar"} <= request.arguments.keys():
        raise ValueError("replay takes topic (text), journal (bytes) and bar (whole number)")
    most_bytes = min(argument(request, "bytes", CHUNK_BYTES, of="count"), CHUNK_BYTES)
    part = argument(request, "part", 0, of="count")
    return Replay(argument(request, "topic"), named_journal(request), argument(request, "bar"), most_bytes, part)


def named_journal(request: Request) -> bytes:
    """The numbering asked for; empty where none is named. Raises ValueError."""
    return b"" if request.arguments.get("journal", b"") == b"" else argument(request, "journal")


def argument(request: Request, name: str, default: Any = None, *, of: str = "") -> Any:
    """An argument that holds what the header key `of` (left out: of the same name) may hold; raises ValueError.

    A key's own check, so that nothing gets in by a question that no message could carry.
    """
    load: Callable[[Any], Any] = KEYS[of or name].load
    try:
        return load(request.arguments.get(name, default))
    except ValueError as error:
        raise ValueError(f"{request.verb}: {name}: {error}") from error


def is_own_trouble(problem: Exception) -> bool:
    """Whether it is the stage that failed (its record, its disk), and not the question.

    Then it must not go on as if nothing had happened. What a question asked for that is not there, or cannot be made,
    is no such trouble, nor is an error that nobody thought of.
    """
    asked = isinstance(problem, LookupError | ValueError | EncodeError)
    return not asked and isinstance(problem, AlphabusError | OSError)


def reason_of(problem: Exception) -> str:
    """What the asker is told."""
    foreseen = isinstance(problem, LookupError | ValueError) and str(problem)
    return printable(str(problem) if foreseen else f"{type(problem).__name__}: {problem}", MAX_DETAIL)


def printable(text: str, limit: int) -> str:
    """Foreign text as a header takes it: one line of printable ASCII, at most `limit` long."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text[:limit])
