"""What the worker has to put on record, as values and as bytes.

Layout: a line with the format's name, then a line a row: the SHA-256 of its JSON, a blank, the JSON. Rows are appended:
a last line that is not whole was not written down when its writer died.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any

from pydantic import TypeAdapter, ValidationError

from common.errors import RegistryError
from common.models.records import Event, Serving

MAGIC = b"alphabus rows 2\n"


@dataclass(frozen=True, slots=True)
class Noted:
    """A row of history; `at_ns` is when it happened. `once`: it may be on record already."""

    event: Event
    by: str
    why: str
    at_ns: int
    once: bool = False

    @property
    def arm(self) -> str:
        """Whom it is about."""
        return self.event.arm or ""


@dataclass(frozen=True, slots=True)
class Served:
    """A row of who served. `once`: it may be on record already, or need none."""

    serving: Serving
    once: bool = False

    @property
    def arm(self) -> str:
        """Whom it is about."""
        return self.serving.arm


Row = Noted | Served

_EVENT, _SERVING = TypeAdapter(Event), TypeAdapter(Serving)


def encode_rows(rows: Iterable[Row]) -> bytes:
    """Write them down, in order, as lines to go behind `MAGIC` or behind other rows."""
    return b"".join(_sealed(json.dumps(_words(row)).encode()) + b"\n" for row in rows)


def decode_rows(content: bytes) -> tuple[Row, ...]:
    """Read them, each as one that may be on record; RegistryError unless all but a torn last one are as written."""
    *lines, _torn = content.removeprefix(MAGIC).split(b"\n")
    bodies = [line.partition(b" ")[2] for line in lines]
    if not content.startswith(MAGIC) or not lines or lines != [_sealed(body) for body in bodies]:
        raise RegistryError("the file is damaged, or is none of rows")
    try:
        return tuple(_row(json.loads(body)) for body in bodies)
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        raise RegistryError(f"the file holds what is no row: {error}") from error


def _sealed(body: bytes) -> bytes:
    return sha256(body).hexdigest().encode() + b" " + body


def _words(row: Row) -> dict[str, Any]:
    if isinstance(row, Noted):
        return {"event": asdict(row.event), "by": row.by, "why": row.why, "at_ns": row.at_ns}
    return {"serving": {**asdict(row.serving), "journal": row.serving.journal.hex()}}


def _row(words: dict[str, Any]) -> Row:
    if "serving" in words:
        serving = {**words["serving"], "journal": bytes.fromhex(words["serving"]["journal"])}
        return Served(_SERVING.validate_python(serving), once=True)
    event = _EVENT.validate_python(words["event"])
    return Noted(event, str(words["by"]), str(words["why"]), int(words["at_ns"]), once=True)
