"""What travels on the bus: frozen sections and the small messages around them.

A field's name is its header key (see `schema.py`); times are ns since 1970 UTC unless a name says otherwise.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64] | NDArray[np.uint8]
Columns = Mapping[str, Column]


class Mode(StrEnum):
    """Where a section comes from; `history` feeds state and produces no signal."""

    LIVE = "live"
    REPLAY = "replay"
    HISTORY = "history"


class Phase(StrEnum):
    """Of an announcement: a section is due, or it is closed."""

    DUE = "due"
    CLOSED = "closed"


class Status(StrEnum):
    """How the values of a signal section came about."""

    FRESH = "fresh"
    LATE = "late"
    HELD = "held"
    DEFAULT = "default"
    VOID = "void"


class Reason(StrEnum):
    """Why a signal section is not fresh; empty when it is."""

    NONE = ""
    TIMEOUT = "timeout"
    CRASH = "crash"
    INVALID = "invalid"
    BREAKER_OPEN = "breaker_open"
    NO_FACTORS = "no_factors"
    NO_BARS = "no_bars"
    GAP = "gap"
    COVERAGE = "coverage"
    GATED = "gated"
    WAIT = "wait"
    HALTED = "halted"
    MAX_AGE = "max_age"
    MODEL_AGE = "model_age"
    SESSION = "session"
    NOTHING_YET = "nothing_yet"


class Flag(IntEnum):
    """Why one symbol of a section has no value."""

    OK = 0
    NO_BAR = 1
    COLD = 2
    FEW_FEATURES = 3
    NOT_MEMBER = 4
    GATED = 5


@dataclass(frozen=True, slots=True)
class Model:
    """A version on record; `digest` is the bundle's name (64 hex digits)."""

    name: str
    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class Origin:
    """The section whose factors produced a signal's values."""

    bar: int
    time: int


@dataclass(frozen=True, slots=True)
class Announcement:
    """A section is due (`due_in_ns` after sending), or closed (`coverage` of the `expected` symbols came)."""

    kind: ClassVar[str] = "announcement"
    journal: bytes
    bar: int
    mode: Mode
    time: int
    stamp: int
    phase: Phase
    expected: int
    due_in_ns: int = 0
    coverage: float = 0.0

    @property
    def part(self) -> int:
        """Order within the bar: due, then closed."""
        return 1 if self.phase is Phase.DUE else 2


@dataclass(frozen=True, slots=True)
class Universe:
    """The ordered symbols of the sections that follow; `universe` is the digest of the list."""

    kind: ClassVar[str] = "universe"
    part: ClassVar[int] = 0
    journal: bytes
    bar: int
    universe: bytes
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """One section of bars: f8 columns NaN where a symbol has no bar, and `member` (u1)."""

    kind: ClassVar[str] = "bars"
    part: ClassVar[int] = 1
    journal: bytes
    bar: int
    mode: Mode
    time: int
    stamp: int
    universe: bytes
    coverage: float
    columns: Columns


@dataclass(frozen=True, slots=True, eq=False)
class Factors:
    """One section of factors (f8), then `present`, `member`, `warm` (u1)."""

    kind: ClassVar[str] = "factors"
    part: ClassVar[int] = 1
    journal: bytes
    bar: int
    mode: Mode
    time: int
    stamp: int
    universe: bytes
    coverage: float
    plan: bytes
    columns: Columns
    latency: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """One section of signals of one arm: `signal` (f8, NaN unless the flag is 0) and `flag` (u1)."""

    kind: ClassVar[str] = "signals"
    journal: bytes
    bar: int
    mode: Mode
    time: int
    stamp: int
    universe: bytes
    columns: Columns
    arm: str
    capital: float
    model: Model
    status: Status
    reason: Reason
    revision: int
    computed_from: Origin | None
    age: int
    latency: Mapping[str, int] = field(default_factory=dict)

    @property
    def part(self) -> int:
        """Order within the bar: a revision follows what it revises."""
        return 1 + self.revision

    @property
    def values(self) -> NDArray[Any]:
        """The signal column, f8[S]."""
        return self.columns["signal"]


@dataclass(frozen=True, slots=True)
class EndOfStream:
    """Nothing follows on this topic; `bar` is the last one that was sent."""

    kind: ClassVar[str] = "end"
    part: ClassVar[int] = 255
    journal: bytes
    bar: int
    mode: Mode


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A sign of life: the `next` seq of every topic and counters that only grow within an epoch."""

    kind: ClassVar[str] = "heartbeat"
    service: str
    pid: int
    journal: bytes
    bar: int
    durable: int
    next: Mapping[str, int]
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Alert:
    """Something a person should know; `detail` is text by name."""

    kind: ClassVar[str] = "alert"
    service: str
    level: str
    event: str
    detail: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Request:
    """A question to a stage's responder."""

    kind: ClassVar[str] = "request"
    id: int
    verb: str
    arguments: Mapping[str, int | str | bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer: `count` messages follow as published; `next` is the seq each asked topic goes on with."""

    kind: ClassVar[str] = "reply"
    id: int
    count: int
    error: str | None = None
    next: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The consumer has done all it will do with this topic up to and including `bar`."""

    kind: ClassVar[str] = "acknowledge"
    consumer: str
    topic: str
    journal: bytes
    bar: int


Streamed = Announcement | Universe | Bars | Factors | Signals | EndOfStream
Message = Streamed | Heartbeat | Alert | Request | Reply | Acknowledge

STREAMED: tuple[type[Streamed], ...] = (Announcement, Universe, Bars, Factors, Signals, EndOfStream)
MESSAGES: tuple[type[Message], ...] = (*STREAMED, Heartbeat, Alert, Request, Reply, Acknowledge)


@dataclass(frozen=True, slots=True)
class Delivery:
    """A message on a link: `seq` counts the topic within `epoch` (0: from the record); `sent` is only information."""

    topic: str
    epoch: int
    seq: int
    sent: int
    message: Message


def universe_digest(symbols: tuple[str, ...]) -> bytes:
    """SHA-256 of the symbols joined by newlines: what `universe` carries for this ordered list."""
    return hashlib.sha256("\n".join(symbols).encode("ascii")).digest()
