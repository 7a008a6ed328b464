"""A plan that is behind the others: fed from the feed's record, a little each turn, until it is level with them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import count

from alphabus.bus import Bus
from alphabus.clock import Clock
from alphabus.inlet import Inlet
from alphabus.messages import Bars, Factors, Message, Mode, Universe
from common.config import MS
from common.errors import FactorError, SnapshotError
from services.factor_engine.line import Line
from services.factor_engine.sections import Listings

MAX_HEARD = 64

SLICE_NS = 5 * MS
"""How long a rehearsal may keep a paced engine from its live sections, a turn; one section is always taken."""

SLICE_SECTIONS = 16
"""What a rehearsal takes a turn when nothing is paced, and four times what was live: so it catches up."""

# Asked before each section: whether there is time for another one this turn.
Allowance = Callable[[], bool]

# Told of a line whose past begins with this section: the record no longer goes back to its first.
Cut = Callable[[Line, Bars], None]

# Takes what a line says aloud, with the list of its symbols.
Say = Callable[[Line, Factors, Universe], None]


class Rehearsal:
    """Rehearses one line at a time; what it computes is heard by nobody, unless the line was at work before.

    It asks for the record page by page, then takes what was live in the meantime, and never reads beyond the section
    that is live now: so it ends exactly there.
    """

    def __init__(self, bus: Bus, consumer: str, bars: str, cut: Cut, say: Say) -> None:
        self._inlet = Inlet(bus, consumer, "bar_feed", [])
        self._topic, self._cut, self._say = bars, cut, say
        self._waiting: deque[Line] = deque()
        self._pages: deque[Message] = deque()
        self._heard: deque[tuple[Universe | None, Bars]] = deque(maxlen=MAX_HEARD)
        self._listings = Listings()
        self._question: int | None = None
        self._journal = bytes(16)

    @property
    def handles(self) -> list[object]:
        """The record's end, while somebody rehearses."""
        return self._inlet.handles if self._waiting else []

    @property
    def lines(self) -> tuple[Line, ...]:
        """Who rehearses, and who waits for the turn."""
        return tuple(self._waiting)

    def is_busy(self, bar: int) -> bool:
        """Whether there is something to do, up to the live section, though nothing comes."""
        if not self._pages:
            return False
        first = self._pages[0]
        return not isinstance(first, Bars) or (first.journal == self._journal and first.bar <= bar)

    def add(self, line: Line) -> None:
        """Let a line rehearse; one that somebody waits for goes first."""
        if line.aloud:
            self._forget()
            self._waiting.appendleft(line)
        else:
            self._waiting.append(line)

    def remove(self, line: Line) -> None:
        """Let it be: nobody wants it any more, or it is ready."""
        if self._waiting and self._waiting[0] is line:
            self._forget()
        self._waiting.remove(line)

    def hear(self, bars: Bars, listed: Universe | None) -> None:
        """Note a live section and its list: the newest page of the record is always a little old when it is there."""
        if self._waiting:
            self._heard.append((listed, bars))

    def turn(self, journal: bytes, bar: int, allowed: Allowance) -> Line | None:
        """Go on up to the live section; return the line that is level with it now."""
        if journal != self._journal:
            self._journal = journal
            self._forget()
        if not self._waiting:
            self._inlet.keep()
            return None
        self._inlet.receive()
        line = self._waiting[0]
        if not self._is_level(line, bar):
            self._turn_page(line)
            self._apply(line, bar, allowed)
        return line if self._is_level(line, bar) else None

    def close(self) -> None:
        """Let go of the record."""
        self._inlet.close()

    def _is_level(self, line: Line, bar: int) -> bool:
        return (line.desk.journal, line.desk.bar) == (self._journal, bar)

    def _forget(self) -> None:
        self._pages.clear()
        self._heard.clear()
        self._question = None

    def _turn_page(self, line: Line) -> None:
        if self._question is not None:
            answer = self._inlet.answer(self._question)
            if answer is not None and answer[0].error is not None:
                line.desk.start_over()  # the record does not go back so far any more: what is left of it is the history
            elif answer is not None:
                self._pages.extend(delivery.message for delivery in answer[1])
            if answer is not None or not self._inlet.awaits(self._question):
                self._question = None
        elif not self._pages and not self._take_heard(line):
            desk = line.desk
            self._question = self._inlet.request("replay", topic=self._topic, journal=desk.journal, bar=desk.bar)

    def _take_heard(self, line: Line) -> bool:
        """Go on with what was live, if nothing is missing before it: numbers follow one another without a hole."""
        desk = line.desk
        following = [pair for pair in self._heard if pair[1].journal == desk.journal and pair[1].bar > desk.bar]
        if not following or following[0][1].bar != desk.bar + 1:
            return False
        self._pages.extend(message for pair in following for message in pair if message is not None)
        return True

    def _apply(self, line: Line, bar: int, allowed: Allowance) -> None:
        while self._pages:
            message = self._pages[0]
            if isinstance(message, Bars):
                if not (self.is_busy(bar) and allowed()):
                    return
                self._rehearse(line, message)
            elif isinstance(message, Universe):
                self._learn(message)
            self._pages.popleft()

    def _rehearse(self, line: Line, bars: Bars) -> None:
        try:
            if not line.desk.is_new(bars):
                return
        except SnapshotError:  # the record was pruned while we read it: what is left of it is the history
            line.desk.start_over()
        if line.desk.begins_late(bars):
            self._cut(line, bars)
        try:
            factors = line.desk.update(bars, self._listings.of(bars).symbols)
        except FactorError:
            factors = line.desk.pass_over(bars)
        if line.aloud and bars.mode is not Mode.HISTORY:
            self._say(line, factors, self._listings.of(factors))

    def _learn(self, universe: Universe) -> None:
        try:
            self._listings.learn(universe)
        except FactorError:
            return  # the live line has told of it; its sections are refused here as they were there


def allowance(clock: Clock, applied: int, *, paced: bool) -> Allowance:
    """How much may be rehearsed now: by time where sections have a pace, else in proportion to what was live."""
    left, until = SLICE_SECTIONS + 4 * applied, clock.monotonic_ns() + SLICE_NS
    taken = count(1)

    def allowed() -> bool:
        number = next(taken)
        if paced:
            return number == 1 or clock.monotonic_ns() < until
        return number <= left

    return allowed
