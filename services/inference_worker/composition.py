"""What a signal section says: values and flags from an answer, or from what was said before (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alphabus.columns import stack
from alphabus.messages import Factors, Flag, Model, Origin, Reason, Signals, Status, universe_digest
from common.models.flags import Flags, Standing, count_finite
from services.inference_worker.duty import Duty, Voice
from services.inference_worker.section import Section

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Spoken:
    """Values that were computed once, and from what."""

    universe: bytes
    values: Floats
    flags: Flags
    origin: Origin
    model: Model
    lost: bool = False
    """Recalled from a section that did not carry the values: it can name them, but not hold them."""

    @classmethod
    def of(cls, signals: Signals) -> Spoken | None:
        """What a published section said; None when nothing was ever computed before it."""
        if signals.computed_from is None:
            return None
        columns = signals.columns
        flags = columns["flag"].astype(np.uint8)
        values, lost = columns["signal"].astype(np.float64), signals.status in (Status.VOID, Status.DEFAULT)
        return cls(signals.universe, values, flags, signals.computed_from, signals.model, lost)


def flag_symbols(
    factors: Factors, features: Sequence[str], min_features: float, silent: NDArray[np.bool_] | None = None
) -> Flags:
    """Why each symbol has no value, u1[S]; the first reason in the order not a member, no bar, cold, few features.

    silent: whom the model's processors left out, for a feature that is missing.
    """
    standing = Standing(*(factors.columns[name] for name in ("member", "present", "warm")))
    finite = count_finite(stack(factors.columns, features))
    return standing.flags(finite, min_features * len(features), silent)


def speak(section: Section, factors: Factors, values: Floats, flags: Flags, model: Model) -> Spoken:
    """Values where the flag allows them; the rest is NaN."""
    origin = Origin(section.bar, section.time)
    return Spoken(factors.universe, np.where(flags == Flag.OK, values, np.nan), flags, origin, model)


def computed(section: Section, spoken: Spoken, duty: Duty, *, late: bool, times: tuple[int, int]) -> Signals:
    """The section this bar's own values make: fresh, or late as a revision of what was held.

    `times`: when the executor got the factors, which waited for it or for the sections before, and now.
    """
    asked_ns, now_ns = times
    waited = {"queue": max(asked_ns - section.filled_ns[duty.plan], 0), "inference": now_ns - asked_ns}
    latency = {**section.factors[duty.plan].latency, **waited}
    status = Status.LATE if late else Status.FRESH
    total = latency | {"total": sum(latency.values())}
    return _signals(section, spoken, duty.voice, (status, Reason.NONE, int(late), 0), total)


def held(section: Section, duty: Duty, previous: Spoken, reason: Reason) -> Signals:
    """The previous signal, unchanged and with its age."""
    age = section.bar - previous.origin.bar
    return _signals(section, previous, duty.voice, (Status.HELD, reason, 0, age), {})


def default(section: Section, duty: Duty, previous: Spoken | None, reason: Reason, value: float) -> Signals:
    """The configured value for every symbol that could have one; void as long as nobody knows who that is."""
    if (factors := section.factors.get(duty.plan)) is not None:
        universe, flags = factors.universe, flag_symbols(factors, (), 0.0)
    elif previous is not None:
        universe, flags = previous.universe, previous.flags
    else:
        return void(section, duty, None, Reason.NOTHING_YET)
    values = np.where(flags == Flag.OK, value, np.nan)
    return _without_values(section, duty, previous, (Status.DEFAULT, reason), (universe, values, flags))


def void(section: Section, duty: Duty, previous: Spoken | None, reason: Reason) -> Signals:
    """No value for anybody."""
    if (factors := section.factors.get(duty.plan)) is not None:
        universe, size = factors.universe, len(factors.columns["present"])
    elif previous is not None:
        universe, size = previous.universe, len(previous.values)
    else:
        universe, size = universe_digest(()), 0
    said = universe, np.full(size, np.nan), np.full(size, Flag.GATED, np.uint8)
    return _without_values(section, duty, previous, (Status.VOID, reason), said)


def _without_values(
    section: Section, duty: Duty, previous: Spoken | None, how: tuple[Status, Reason], said: tuple[bytes, Floats, Flags]
) -> Signals:
    """What was said last stays named with its age, so that a worker that restarts knows it, too."""
    voice, (universe, values, flags) = duty.voice, said
    origin = None if previous is None else previous.origin
    return Signals(
        section.journal, section.bar, section.mode, section.time, section.stamp, universe,
        {"signal": values, "flag": flags}, voice.arm, voice.capital, voice.model, *how, 0,
        origin, 0 if origin is None else section.bar - origin.bar,
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
