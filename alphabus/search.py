"""One question for the section of a bar, as it goes on: what is known of it, and what is said in the end (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from alphabus.errors import NoSectionError
from alphabus.messages import Announcement, Reason, Status
from alphabus.section import Section

KEPT = 16
VALUELESS = (Status.VOID, Status.DEFAULT)


@dataclass(slots=True)
class Newest:
    """The newest sections of one arm by close time, each in its last revision."""

    sections: dict[int, Section] = field(default_factory=dict)

    def take(self, section: Section) -> None:
        """Remember a section that came live; another journal forgets the old one's."""
        others = iter(self.sections.values())
        if any(other.signals.journal != section.signals.journal for other in others):
            self.sections.clear()
        self.sections[section.signals.time] = section
        if len(self.sections) > KEPT:
            del self.sections[min(self.sections)]


@dataclass(slots=True)
class Search:
    """One question as it goes on: what the cache said of the time asked for, and of the bars around it."""

    time: int
    arm: str
    question: int
    asked_ns: int
    answered: bool = False
    around: dict[int, Section] = field(default_factory=dict)

    def take(self, sections: Sequence[Section]) -> Section | None:
        """Hear an answer; the section if it is there. Raises NoSectionError where a later one is on record."""
        self.answered, self.around = True, {section.signals.time: section for section in sections}
        if self.time in self.around:
            return self.around[self.time]
        later = [time for time in self.around if time > self.time]
        if later:
            earlier = [time for time in self.around if time < self.time]
            raise NoSectionError(_no_section(self.arm, self.time, max(earlier, default=None), min(later)))
        return None


def held(previous: Section, time: int, announced: Announcement | None) -> Section:
    """The previous section as it stands for the bar that closes at `time`: its own values and origin, its age told.

    announced: the last one announced that closes then or before. The bar's number is its own or, where it closes
    before, the least there can be, the next. What has no value keeps saying why.
    """
    said = previous.signals
    is_later = announced is not None and announced.journal == said.journal and announced.bar > said.bar
    last = announced if announced is not None and is_later else said
    bar, stamp = last.bar + (last.time < time), last.stamp + (time - last.time)
    valueless = said.status in VALUELESS
    status, reason = (said.status, said.reason) if valueless else (Status.HELD, Reason.WAIT)
    age = said.age + bar - said.bar if said.computed_from is None else bar - said.computed_from.bar
    signals = replace(
        said, bar=bar, time=time, stamp=stamp, status=status, reason=reason, revision=0, age=age, latency={}
    )
    return Section(previous.symbols, signals)


def _no_section(arm: str, time: int, earlier: int | None, later: int) -> str:
    if earlier is None:
        unit = "; a time is in ns since 1970" if time * 100 < later else ""
        return f"the signals of {arm!r} begin at {_told(later)}, after {_told(time)}{unit}"
    return f"no section of {arm!r} closes at {_told(time)}: one does at {_told(earlier)}, the next at {_told(later)}"


def _told(time: int) -> str:
    """A moment to the ns, in UTC."""
    seconds, rest = divmod(time, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}" + (f".{rest:09d}" if rest else "") + " UTC"
