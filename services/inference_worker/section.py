"""One bar time as the worker knows it, shared by all arms."""

from __future__ import annotations

from dataclasses import dataclass, field

from alphabus.messages import Announcement, Factors, Mode


@dataclass(slots=True)
class Section:
    """Filled in as announcements and factors arrive; `due_ns` is on the monotonic clock; factors by their plan."""

    journal: bytes
    bar: int
    mode: Mode
    time: int
    stamp: int
    due_ns: int
    coverage: float | None = None
    factors: dict[bytes, Factors] = field(default_factory=dict)
    filled_ns: dict[bytes, int] = field(default_factory=dict)
    """When the factors were there, on the monotonic clock."""
    recalled: bool = False
    """Heard of from the feed's record, not when it was announced: `due_ns` is the latest that it may be."""
    early: bool = False
    """Heard of after the worker had stood still: `due_ns` is the earliest that it may be."""
    skipped: set[bytes] = field(default_factory=set)
    """Plans of which newer factors came, and none of this section."""

    @classmethod
    def announced(
        cls, announcement: Announcement, now_ns: int, *, recalled: bool = False, early: bool = False
    ) -> Section:
        """A section that was heard of just now; `early`: that may have been announced at `now_ns` or later."""
        due_ns = now_ns + announcement.due_in_ns
        return cls(
            announcement.journal, announcement.bar, announcement.mode, announcement.time, announcement.stamp, due_ns,
            recalled=recalled, early=early,
        )  # fmt: skip

    @property
    def is_unplaced(self) -> bool:
        """Whether it is open, and not known when it is due."""
        return (self.recalled or self.early) and self.coverage is None

    @property
    def passed(self) -> bool:
        """Whether it closed before it was known when it is due: nobody can tell whether it is in time any more."""
        return self.recalled and self.coverage is not None

    def bring_forward(self, due_ns: int) -> None:
        """Of a section that was recalled it is known now that it is due no later than this; of others it always was."""
        if self.recalled:
            self.due_ns = min(self.due_ns, due_ns)

    def correct(self, due_ns: int) -> None:
        """The feed says when it is due: from now on it is a section as any."""
        self.bring_forward(due_ns)
        self.due_ns = due_ns if self.early else self.due_ns
        self.recalled = self.early = False

    def fill(self, factors: Factors, now_ns: int) -> None:
        """Note the factors of one plan; they say how much of the section came, too."""
        self.factors[factors.plan], self.filled_ns[factors.plan] = factors, now_ns
        self.coverage = factors.coverage

    def skip(self, plan: bytes, newest: int) -> None:
        """Note that the newest factors of a plan are this bar's; they come in order."""
        if self.bar < newest and plan not in self.factors:
            self.skipped.add(plan)

    def missed(self, plan: bytes) -> bool:
        """Whether nothing can come of it any more for an arm of this plan."""
        return self.passed or plan in self.skipped
