"""What is said when a section has no answer of its own: the previous signal, a default value, or nothing (pure)."""

from __future__ import annotations

from dataclasses import dataclass

from alphabus.messages import Reason, Signals
from services.inference_worker.composition import Spoken, default, held, void
from services.inference_worker.duty import Duty
from services.inference_worker.section import Section

DAY_NS = 86_400_000_000_000

NEVER_SPEAKS = (Reason.HALTED, Reason.MODEL_AGE)


@dataclass(frozen=True, slots=True)
class FallbackRules:
    """`default_value` stands in when nothing was said before, or `always`; the rest limits how long a signal is held.

    `max_age_ns` counts from section time to section time; a session is the day of the source's own stamp.
    """

    max_age_bars: int
    max_age_ns: int | None = None
    across_sessions: bool = True
    default_value: float | None = None
    always: bool = False


class Fallback:
    """Chooses by rules, by what was said before, and by why there is no answer."""

    def __init__(self, rules: FallbackRules) -> None:
        self._rules = rules

    def instead(self, section: Section, duty: Duty, previous: Spoken | None, reason: Reason) -> Signals:
        """Return the section that goes out: held, default or void."""
        if reason in NEVER_SPEAKS:
            return void(section, duty, previous, reason)
        value = self._rules.default_value
        if value is not None and (self._rules.always or previous is None):
            return default(section, duty, previous, reason, value)
        if previous is None:
            return void(section, duty, None, Reason.NOTHING_YET)
        cause = self._why_not_held(section, previous)
        return void(section, duty, previous, cause) if cause else held(section, duty, previous, reason)

    def _why_not_held(self, section: Section, previous: Spoken) -> Reason | None:
        rules, origin = self._rules, previous.origin
        if section.bar - origin.bar > rules.max_age_bars:
            return Reason.MAX_AGE
        if rules.max_age_ns is not None and section.time - origin.time > rules.max_age_ns:
            return Reason.MAX_AGE
        if not rules.across_sessions and _session(section, origin.time) != _session(section, section.time):
            return Reason.SESSION
        return Reason.NOTHING_YET if previous.lost else None


def _session(section: Section, time: int) -> int:
    """Day of the stamp that goes with a close time; stamps are taken to stand as far from it as this section's does."""
    return (time + section.stamp - section.time) // DAY_NS
