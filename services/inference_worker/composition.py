"""What a signal section says: values and flags from an answer, or from what was said before (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Factors, Flag, Model, Origin, Reason, Signals, Status, universe_digest
from services.inference_worker.section import Section

Floats = NDArray[np.float64]
Flags = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Voice:
    """Who speaks: the arm, its share of capital, its model."""

    arm: str
    capital: float
    model: Model


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """Values that were computed once, and from what."""

    universe: bytes
    values: Floats
    flags: Flags
    origin: Origin
    model: Model

    @classmethod
    def of(cls, signals: Signals) -> Spoken | None:
        """What a published section said; None when nothing was ever computed before it."""
        if signals.computed_from is None:
            return None
        columns = signals.columns
        flags = columns["flag"].astype(np.uint8)
        return cls(signals.universe, columns["signal"].astype(np.float64), flags, signals.computed_from, signals.model)


def flag_symbols(factors: Factors, features: Sequence[str], min_features: float) -> Flags:
    """Why each symbol has no value, u1[S]; the first reason in the order not a member, no bar, cold, few features."""
    marks = {name: factors.columns[name].astype(np.bool_) for name in ("present", "member", "warm")}
    finite = np.zeros(len(marks["present"]))
    for name in features:
        finite += np.isfinite(factors.columns[name])
    return np.select(
        [~marks["member"], ~marks["present"], ~marks["warm"], finite < min_features * len(features)],
        [Flag.NOT_MEMBER, Flag.NO_BAR, Flag.COLD, Flag.FEW_FEATURES],
        Flag.OK,
    ).astype(np.uint8)


def speak(section: Section, factors: Factors, values: Floats, flags: Flags, model: Model) -> Spoken:
    """Values where the flag allows them; the rest is NaN."""
    origin = Origin(section.bar, section.time)
    return Spoken(factors.universe, np.where(flags == Flag.OK, values, np.nan), flags, origin, model)


def computed(section: Section, spoken: Spoken, voice: Voice, *, late: bool, asked_ns: int, now_ns: int) -> Signals:
    """The section this bar's own values make: fresh, or late as a revision of what was held.

    `asked_ns` is when the executor got the factors; before that they waited for it, or for the sections before.
    """
    waited = {"queue": max(asked_ns - section.filled_ns, 0), "inference": now_ns - asked_ns}
    latency = {**section.latency, **waited}
    status = Status.LATE if late else Status.FRESH
    total = latency | {"total": sum(latency.values())}
    return _signals(section, spoken, voice, (status, Reason.NONE, int(late), 0), total)


def held(section: Section, previous: Spoken | None, voice: Voice, reason: Reason, max_age_bars: int) -> Signals:
    """The previous signal, unchanged and with its age; void when there is none, or it is too old."""
    if previous is None:
        return _void(section, None, voice, Reason.NOTHING_YET, 0)
    age = section.bar - previous.origin.bar
    if age > max_age_bars:
        return _void(section, previous, voice, Reason.MAX_AGE, age)
    return _signals(section, previous, voice, (Status.HELD, reason, 0, age), {})


def _void(section: Section, previous: Spoken | None, voice: Voice, reason: Reason, age: int) -> Signals:
    """No value; what was too old to be held stays named, so that a worker that restarts knows it, too."""
    if section.factors is not None:
        universe, size = section.factors.universe, len(section.factors.columns["present"])
    elif previous is not None:
        universe, size = previous.universe, len(previous.values)
    else:
        universe, size = universe_digest(()), 0
    return Signals(
        section.journal, section.bar, section.mode, section.time, section.stamp, universe,
        {"signal": np.full(size, np.nan), "flag": np.full(size, Flag.GATED, np.uint8)},
        voice.arm, voice.capital, voice.model, Status.VOID, reason, 0,
        None if previous is None else previous.origin, age,
    )  # fmt: skip


def _signals(
    section: Section, spoken: Spoken, voice: Voice, how: tuple[Status, Reason, int, int], latency: dict[str, int]
) -> Signals:
    status, reason, revision, age = how
    return Signals(
        section.journal, section.bar, section.mode, section.time, section.stamp, spoken.universe,
        {"signal": spoken.values, "flag": spoken.flags},
        voice.arm, voice.capital, spoken.model, status, reason, revision, spoken.origin, age, latency,
    )  # fmt: skip
