"""What parent and executor child say to each other: small msgpack maps, one a packet, each with its id."""

import dataclasses
from dataclasses import fields
from typing import Literal

import msgpack
import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

# A packet holds the feature names at most; anything larger is not ours.
PACKET_LIMIT = 128 * 1024
REFUSAL_LIMIT = 1000

_CLOSED = ConfigDict(strict=True, extra="forbid")

Cause = Literal["load", "crash", "invalid"]


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Request:
    """Score the features in the slate; `bar` and `attempt` are for the log and for fault plans.

    stamp (ns, as the source writes it) and who counts, in the slate, are for processors. names: bytes of the symbols'
    names in the slate; 0: the symbols are those of the request before.
    """

    id: int
    bar: int
    attempt: int
    symbols: int
    stamp: int = 0
    names: int = 0


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Scored:
    """The predictions for this id lie in the slate; `symbols` is how many the model gave."""

    id: int
    symbols: int


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Ready:
    """The bundle is verified and its golden outputs hold; features in the order the model wants them.

    `scorer` is what scores: the kind's library, or what is faster; if it could not be that, `refusal` says why, and
    `alarming` that it should have been. `sections`: it has processors, and has to be told who counts in a section.
    """

    model: str
    kind: str
    digest: str
    features: tuple[str, ...]
    scorer: str = ""
    refusal: str = ""
    alarming: bool = False
    sections: bool = False


@dataclass(frozen=True, slots=True, config=_CLOSED)
class Failed:
    """No answer for this id (0: not for a request); `cause` is what the worker reports, `reason` is for people."""

    id: int
    cause: Cause
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """Predictions f8[S] for one request: the parent's own copy. `silent`: on whom the model has no opinion."""

    id: int
    values: NDArray[np.float64]
    silent: NDArray[np.bool_] | None = None


Message = Request | Scored | Ready | Failed

_KINDS: dict[str, type[Message]] = {"request": Request, "scored": Scored, "ready": Ready, "failed": Failed}
_NAMES = {kind: name for name, kind in _KINDS.items()}
_FIELDS = {kind: tuple(field.name for field in fields(kind)) for kind in _NAMES}


def encode_message(message: Message) -> bytes:
    """One packet."""
    kind = type(message)
    body: bytes = msgpack.packb([_NAMES[kind], {name: getattr(message, name) for name in _FIELDS[kind]}])
    return body


def decode_message(body: bytes) -> Message:
    """Read one packet; ValueError unless it is exactly one of our messages."""
    try:
        name, fields = msgpack.unpackb(body, use_list=False, strict_map_key=True, max_ext_len=0)
        return _KINDS[name](**fields)
    except (ValueError, TypeError, KeyError, msgpack.UnpackException) as error:
        raise ValueError(f"not a message of an executor: {type(error).__name__}") from error
