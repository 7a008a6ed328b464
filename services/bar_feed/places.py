"""Places among the tracked symbols: who finds none stays out of the section, which goes on without them."""

from __future__ import annotations

from common.counters import Counters
from common.market.membership import CROWDED, Membership
from services.bar_feed.complaints import Complaints
from services.bar_feed.quarantine import Quarantine
from services.bar_feed.sources import RawSection

SHOWN = 5  # symbols without a place, by name


class Places:
    """Seats the symbols of sections; a shortage is told of once, until a section leaves a place free."""

    def __init__(
        self,
        membership: Membership,
        forget_bars: int | None,
        quarantine: Quarantine,
        counters: Counters,
        complaints: Complaints,
    ) -> None:
        self._membership, self._forget = membership, forget_bars
        self._quarantine, self._counters, self._complaints = quarantine, counters, complaints
        self._is_short = self._is_near_limit = False

    def seat(self, raw: RawSection) -> RawSection:
        """The next section without those who find no place: their bars are in the quarantine."""
        homeless = self._membership.homeless(raw.symbols)
        if homeless:
            return self._without(raw, homeless)
        if self._is_short:
            self._counters.set("symbols_without_place", 0)
            self._is_short = not self._membership.leaves_room(raw.symbols)
        return raw

    def heed(self) -> None:
        """At the start, and when the list has changed: tell in time that there is room for few more, an eighth."""
        tracked, limit = len(self._membership.tracked), self._membership.most
        self._counters.set("symbols_tracked", tracked)
        before, self._is_near_limit = self._is_near_limit, tracked > limit * 7 // 8
        if self._is_near_limit and not before:
            self._complaints.symbols_near_limit({"tracked": tracked, "limit": limit, "advice": self._advice})

    @property
    def _advice(self) -> str:
        part = "or give each part of the symbols an instance of its own"
        if self._forget is None:
            return f"set feed.forget_bars, so that those long gone leave, {part}"
        return f"lower feed.forget_bars ({self._forget}), so that those long gone leave sooner, {part}"

    def _without(self, raw: RawSection, homeless: tuple[str, ...]) -> RawSection:
        seated, left = raw.apart(homeless)
        kept = self._quarantine.keep(CROWDED, left)
        self._counters.add(f"sections_{CROWDED}")
        self._counters.set("symbols_without_place", len(homeless))
        before, self._is_short = self._is_short, True
        if not before:
            told = {"time": raw.time, "stamp": raw.stamp, "without": len(homeless), "such_as": list(homeless[:SHOWN])}
            told |= {"limit": self._membership.most, "advice": self._advice} | ({} if kept else {"kept": False})
            self._complaints.symbols_without_place(told)
        return seated
