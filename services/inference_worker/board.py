"""The sections that are still open, as announcements and factors fill them in (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field

from alphabus.messages import Announcement, Factors, Phase
from services.inference_worker.section import Section


@dataclass(slots=True)
class Board:
    """Open sections by bar; `deadline` says whether a section whose time has passed counts as missed."""

    deadline: bool
    sections: dict[int, Section] = field(default_factory=dict)
    journal: bytes = bytes(16)
    newest_bar: int = 0
    newest_filled: int = 0
    _early: dict[int, Factors] = field(default_factory=dict)
    """Factors that overtook their announcement, which comes on another link."""

    def announce(self, announcement: Announcement, now_ns: int, *, on_record: bool) -> Section:
        """Note that a section is due or closed; returns it."""
        bar = announcement.bar
        section = self.sections.get(bar) or self._opened(announcement, now_ns, on_record=on_record)
        if announcement.phase is Phase.CLOSED:
            section.coverage = announcement.coverage
        if (factors := self._early.get(bar)) is not None and factors.journal == section.journal:
            _fill(section, factors, now_ns)
        self.newest_bar = max(self.newest_bar, bar)
        if on_record and self.deadline:
            self._mark_passed()
        self._mark_skipped()
        return section

    def fill(self, factors: Factors, now_ns: int) -> None:
        """Note a section's factors; they come in order, so an older section without any gets none."""
        section = self.sections.get(factors.bar)
        if section is None or section.journal != factors.journal:
            self._early[factors.bar] = factors
        else:
            _fill(section, factors, now_ns)
        if factors.journal == self.journal:
            self.newest_filled = max(self.newest_filled, factors.bar)
        self._mark_skipped()

    def drop_up_to(self, bar: int) -> None:
        """Forget sections that every arm is done with."""
        self.sections = {number: section for number, section in self.sections.items() if number > bar}
        self._early = {
            number: early for number, early in self._early.items() if number > bar or early.journal != self.journal
        }

    def restart(self, journal: bytes) -> None:
        """Another journal: its numbers mean other sections."""
        self.sections.clear()
        self._early = {bar: factors for bar, factors in self._early.items() if factors.journal == journal}
        self.journal, self.newest_bar, self.newest_filled = journal, 0, max(self._early, default=0)

    def _opened(self, announcement: Announcement, now_ns: int, *, on_record: bool) -> Section:
        section = Section.announced(announcement, now_ns, recalled=on_record)
        # How long ago the record's words were sent is unknown; but a section is never due after the one that follows.
        for older in self.sections.values():
            older.due_ns = min(older.due_ns, section.due_ns)
        self.sections[announcement.bar] = section
        return section

    def _mark_passed(self) -> None:
        for bar, section in self.sections.items():
            section.missed = section.missed or (section.recalled and bar < self.newest_bar)

    def _mark_skipped(self) -> None:
        for bar, section in self.sections.items():
            section.missed = section.missed or (section.factors is None and bar < self.newest_filled)


def _fill(section: Section, factors: Factors, now_ns: int) -> None:
    section.factors, section.coverage, section.latency = factors, factors.coverage, factors.latency
    section.filled_ns = now_ns
