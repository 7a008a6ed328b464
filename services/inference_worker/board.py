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
    newest_filled: dict[bytes, int] = field(default_factory=dict)
    """By plan, the newest section whose factors came: each plan comes in order, on a link of its own."""
    _early: dict[tuple[int, bytes], Factors] = field(default_factory=dict)
    """Factors by bar and plan that overtook their announcement, which comes on another link."""

    @property
    def wonders(self) -> bool:
        """Whether some section is still open of which it is not known when it is due."""
        return any(section.is_unplaced for section in self.sections.values())

    def announce(self, announcement: Announcement, now_ns: int, *, on_record: bool, early: bool = False) -> Section:
        """Note that a section is due or closed; returns it. early: it was said at `now_ns` or any time since."""
        bar = announcement.bar
        section = self.sections.get(bar) or self._opened(announcement, now_ns, on_record=on_record, early=early)
        if announcement.phase is Phase.CLOSED:
            section.coverage = announcement.coverage
            section.bring_forward(now_ns)  # what is closed is due
            if not on_record and not early:
                section.recalled = False  # just now, for all that anybody can tell
        for (early_bar, _), factors in self._early.items():
            if early_bar == bar and factors.journal == section.journal:
                section.fill(factors, now_ns)
        self.newest_bar = max(self.newest_bar, bar)
        self._mark_skipped(section)
        return section

    def correct(self, announcement: Announcement, now_ns: int) -> None:
        """Note what the feed says of now: how long until this section is due, and that those before it are closed."""
        for bar, section in self.sections.items():
            if announcement.journal == section.journal and bar < announcement.bar:
                section.bring_forward(now_ns)
            elif announcement.journal == section.journal and bar == announcement.bar:
                section.correct(now_ns + announcement.due_in_ns)

    def fill(self, factors: Factors, now_ns: int) -> None:
        """Note a section's factors of one plan; they come in order, so an older section without any gets none."""
        section = self.sections.get(factors.bar)
        if section is None or section.journal != factors.journal:
            self._early[factors.bar, factors.plan] = factors
        else:
            section.fill(factors, now_ns)
        if factors.journal == self.journal:
            newest = self.newest_filled[factors.plan] = max(self.newest_filled.get(factors.plan, 0), factors.bar)
            for open_one in self.sections.values():
                open_one.skip(factors.plan, newest)

    def drop_up_to(self, bar: int) -> None:
        """Forget sections that every arm is done with."""
        self.sections = {number: section for number, section in self.sections.items() if number > bar}
        self._early = {
            place: early for place, early in self._early.items() if place[0] > bar or early.journal != self.journal
        }

    def has_all(self, plan: bytes, after: int) -> bool:
        """Whether no open section after a bar was passed over by a plan's factors."""
        return all(plan not in section.skipped for bar, section in self.sections.items() if bar > after)

    def universes(self) -> set[bytes]:
        """Digests of the lists of symbols that its factors name."""
        open_ones = [factors for section in self.sections.values() for factors in section.factors.values()]
        return {factors.universe for factors in (*open_ones, *self._early.values())}

    def forget(self, plan: bytes) -> None:
        """Nobody wants factors of this plan any more."""
        self.newest_filled.pop(plan, None)
        self._early = {place: early for place, early in self._early.items() if place[1] != plan}
        for section in self.sections.values():
            section.factors.pop(plan, None)
            section.skipped.discard(plan)

    def restart(self, journal: bytes) -> None:
        """Another journal: its numbers mean other sections."""
        self.sections.clear()
        self.journal, self.newest_bar = journal, 0
        self._early = {place: factors for place, factors in self._early.items() if factors.journal == journal}
        self.newest_filled = {}
        for bar, plan in self._early:
            self.newest_filled[plan] = max(self.newest_filled.get(plan, 0), bar)

    def _opened(self, announcement: Announcement, now_ns: int, *, on_record: bool, early: bool) -> Section:
        section = Section.announced(announcement, now_ns, recalled=on_record and self.deadline, early=early)
        # How long ago the record's words were sent is unknown; but a section is closed before the next is announced.
        for older in self.sections.values():
            older.due_ns = min(older.due_ns, section.due_ns)
            older.bring_forward(now_ns)
        self.sections[announcement.bar] = section
        return section

    def _mark_skipped(self, section: Section) -> None:
        """Plans that are past a section which was not open yet when their newest factors came."""
        for plan, newest in self.newest_filled.items():
            section.skip(plan, newest)
