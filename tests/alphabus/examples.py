"""One delivery of every kind, and strategies that make any; a new kind or field without its entry fails here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import strategies as st

from alphabus.columns import BAR_COLUMNS, FACTOR_MARKS, PRICES
from alphabus.messages import (
    Acknowledge,
    Alert,
    Announcement,
    Bars,
    Columns,
    Delivery,
    EndOfStream,
    Factors,
    Heartbeat,
    Message,
    Mode,
    Model,
    Origin,
    Phase,
    Reason,
    Reply,
    Request,
    Signals,
    Status,
    Universe,
    universe_digest,
)

JOURNAL = bytes(range(16))
PLAN = bytes(range(32))
TIME = 1_700_000_000_000_000_000
SYMBOLS = ("AAPL", "BRK.B", "MSFT")


def f8(*values: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    """A column of numbers."""
    return np.array(values, dtype="<f8")


def u1(*values: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A column of marks."""
    return np.array(values, dtype="|u1")


UNIVERSE = Universe(JOURNAL, 7, universe_digest(SYMBOLS), SYMBOLS)
BARS = Bars(
    journal=JOURNAL,
    bar=7,
    mode=Mode.LIVE,
    time=TIME,
    stamp=TIME - 1,
    universe=universe_digest(SYMBOLS),
    coverage=2 / 3,
    columns={
        "open": f8(1.0, 2.0, np.nan),
        "high": f8(1.5, 2.5, np.nan),
        "low": f8(0.5, 1.5, np.nan),
        "close": f8(1.25, 2.25, np.nan),
        "volume": f8(100.0, 0.0, np.nan),
        "price_factor": f8(1.0, 0.5, 1.0),
        "member": u1(1, 1, 0),
    },
)
FACTORS = Factors(
    journal=JOURNAL,
    bar=7,
    mode=Mode.HISTORY,
    time=TIME,
    stamp=TIME - 1,
    universe=universe_digest(SYMBOLS),
    coverage=1.0,
    plan=PLAN,
    columns={
        "return_5": f8(0.5, -0.0, np.nan),
        "rank": f8(np.inf, 1e-310, 1e308),
        "present": u1(1, 1, 0),
        "member": u1(1, 0, 1),
        "warm": u1(1, 1, 0),
    },
    latency={"engine_ns": 1_000},
)
SIGNALS = Signals(
    journal=JOURNAL,
    bar=7,
    mode=Mode.REPLAY,
    time=TIME,
    stamp=TIME - 1,
    universe=universe_digest(SYMBOLS),
    columns={"signal": f8(0.25, np.nan, -1.5), "flag": u1(0, 2, 0)},
    arm="champion",
    capital=0.5,
    model=Model("momentum", 3, "ab" * 32),
    status=Status.HELD,
    reason=Reason.TIMEOUT,
    revision=0,
    computed_from=Origin(6, TIME - 60),
    age=1,
    latency={"worker_ns": 2_000},
)

EXAMPLES: dict[type[Message], Message] = {
    Announcement: Announcement(JOURNAL, 7, Mode.LIVE, TIME, TIME - 1, Phase.DUE, 3, due_in_ns=5, coverage=0.0),
    Universe: UNIVERSE,
    Bars: BARS,
    Factors: FACTORS,
    Signals: SIGNALS,
    EndOfStream: EndOfStream(JOURNAL, 9, Mode.REPLAY),
    Heartbeat: Heartbeat("bar_feed", 4242, JOURNAL, 7, 6, {"t/bars/": 8}, {"sections": 7, "lag": -1}),
    Alert: Alert("bar_feed", "warning", "disk_full", {"path": "journal", "free": "0"}),
    Request: Request(3, "replay", {"topic": "t/bars/", "journal": JOURNAL, "bar": 5}),
    Reply: Reply(3, 2, None, {"t/bars/": 8}),
    Acknowledge: Acknowledge("factor_engine", "t/bars/", JOURNAL, 7),
}


def delivery(message: Message) -> Delivery:
    """The example on a link."""
    return Delivery(f"t/{message.kind}/", 2, 8, TIME + 5, message)


def plain(value: Any) -> Any:
    """A delivery or message as nested tuples whose equality means equal to the bit, columns included."""
    if isinstance(value, Delivery | Message):
        return (type(value).__name__, *(plain(getattr(value, item.name)) for item in fields(value)))
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, Mapping):
        return tuple((key, plain(item)) for key, item in value.items())
    return value


WHOLE = st.integers(0, 2**63 - 1)
SIGNED = st.integers(-(2**63), 2**63 - 1)
SHARE = st.floats(0.0, 1.0)
PRINTABLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
NAME = st.text(PRINTABLE, max_size=64)
TOPIC = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=60).map(lambda text: text + "/")
SYMBOL = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)
SMALL = st.integers(0, 2**31 - 1)

VALUES: dict[str, st.SearchStrategy[Any]] = {
    "age": WHOLE,
    "arguments": st.dictionaries(NAME, SIGNED | st.text(max_size=9) | st.binary(max_size=9), max_size=4),
    "arm": NAME,
    "bar": WHOLE,
    "capital": SHARE,
    "computed_from": st.none() | st.builds(Origin, WHOLE, SIGNED),
    "consumer": NAME,
    "count": SMALL,
    "counters": st.dictionaries(NAME, SIGNED, max_size=4),
    "coverage": SHARE,
    "detail": st.dictionaries(NAME, NAME, max_size=4),
    "due_in_ns": WHOLE,
    "durable": WHOLE,
    "epoch": WHOLE,
    "error": st.none() | NAME,
    "event": NAME,
    "expected": SMALL,
    "id": WHOLE,
    "journal": st.binary(min_size=16, max_size=16),
    "latency": st.dictionaries(NAME, WHOLE, max_size=4),
    "level": st.text(PRINTABLE, max_size=16),
    "mode": st.sampled_from(Mode),
    "model": st.builds(Model, NAME, SMALL, st.just("") | st.text("0123456789abcdef", min_size=64, max_size=64)),
    "next": st.dictionaries(NAME, WHOLE, max_size=4),
    "phase": st.sampled_from(Phase),
    "pid": WHOLE,
    "plan": st.binary(min_size=32, max_size=32),
    "reason": st.sampled_from(Reason),
    "revision": st.integers(0, 253),
    "sent": SIGNED,
    "seq": WHOLE,
    "service": NAME,
    "stamp": SIGNED,
    "status": st.sampled_from(Status),
    "time": SIGNED,
    "topic": NAME,
    "universe": st.binary(min_size=32, max_size=32),
    "verb": st.text(PRINTABLE, max_size=32),
}


@st.composite
def columns(draw: st.DrawFn, kind: type[Message]) -> Columns:
    """Columns this kind may carry, of any length and any bits."""
    size = draw(st.integers(0, 5))
    optional = draw(st.sets(st.sampled_from(BAR_COLUMNS[5:-1])))
    names = st.lists(NAME.filter(lambda name: name and name not in FACTOR_MARKS), unique=True, max_size=4)
    numbers = {
        Bars: [*PRICES, *sorted(optional)],
        Factors: draw(names) if kind is Factors else [],
        Signals: ["signal"],
    }[kind]
    marks = {Bars: ["member"], Factors: list(FACTOR_MARKS), Signals: ["flag"]}[kind]
    found: dict[str, Any] = {name: np.frombuffer(_bits(draw, 8 * size), "<f8", size) for name in numbers}
    return found | {name: np.frombuffer(_bits(draw, size), "|u1", size) for name in marks}


def _bits(draw: st.DrawFn, size: int) -> bytes:
    return draw(st.binary(min_size=size, max_size=size))


@st.composite
def messages(draw: st.DrawFn, kind: type[Message]) -> Message:
    """Any message of this kind."""
    values: dict[str, Any] = {}
    for item in fields(kind):
        if item.name == "columns":
            values[item.name] = draw(columns(kind))
        elif item.name == "symbols":
            values[item.name] = tuple(draw(st.lists(SYMBOL, unique=True, max_size=5)))
        else:
            values[item.name] = draw(VALUES[item.name])
    if kind is Universe:
        values["universe"] = universe_digest(values["symbols"])
    return kind(**values)


@st.composite
def deliveries(draw: st.DrawFn, kind: type[Message]) -> Delivery:
    """Any message of this kind on any link."""
    link = {name: draw(VALUES[name]) for name in ("epoch", "seq", "sent")}
    return Delivery(topic=draw(TOPIC), message=draw(messages(kind)), **link)
