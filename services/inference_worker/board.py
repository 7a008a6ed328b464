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
    _early: dict[int, Factors] = field(default_factory=dict)
    """Factors that overtook their announcement, which comes on another link."""

    def announce(self, announcement: Announcement, now_ns: int, *, on_record: bool) -> Section:
        """Note that a section is due or closed; returns it."""
        bar = announcement.bar
        section = self.sections.setdefault(bar, Section.announced(announcement, now_ns))
        if announcement.phase is Phase.CLOSED:
            section.coverage = announcement.coverage
        if (factors := self._early.get(bar)) is not None and factors.journal == section.journal:
            _fill(section, factors)
        self.newest_bar = max(self.newest_bar, bar)
        if on_record and self.deadline:
            self._mark_missed(self.newest_bar)
        return section

    def fill(self, factors: Factors) -> None:
        """Note a section's factors; they come in order, so an older section without any gets none."""
        section = self.sections.get(factors.bar)
        if section is None or section.journal != factors.journal:
            self._early[factors.bar] = factors
            return
        _fill(section, factors)
        for bar, other in self.sections.items():
            if bar < factors.bar and other.factors is None:
                other.missed = True

    def drop_up_to(self, bar: int) -> None:
        """Forget sections that every arm is done with."""
        for items in (self.sections, self._early):
            for done in [number for number in items if number <= bar]:
                del items[done]

    def restart(self, journal: bytes) -> None:
        """Another journal: its numbers mean other sections."""
        self.sections.clear()
        self._early = {bar: factors for bar, factors in self._early.items() if factors.journal == journal}
        self.journal, self.newest_bar = journal, 0

    def _mark_missed(self, before_bar: int) -> None:
        for bar, section in self.sections.items():
            section.missed = section.missed or bar < before_bar


def _fill(section: Section, factors: Factors) -> None:
    section.factors, section.coverage, section.latency = factors, factors.coverage, factors.latency
