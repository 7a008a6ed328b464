"""What a source hands over, section by section: history, then what is to become signals, and none that is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any

from alphabus.messages import Mode
from services.bar_feed.admission import Admission, Refusal
from services.bar_feed.quarantine import Quarantine
from services.bar_feed.sources import RawSection, Source

Due = tuple[Mode, RawSection]
Refused = Callable[[Refusal, Mapping[str, Any]], None]
Seat = Callable[[RawSection], RawSection]
"""A section that is admitted, without the symbols that find no place."""


class Arrivals:
    """Pulls the sections of a source that close after `after` (ns); refused ones are kept, and told of."""

    def __init__(self, source: Source, after: int, quarantine: Quarantine, refused: Refused, seat: Seat) -> None:
        self.mode = source.mode
        self._source, self._quarantine, self._refused, self._seat = source, quarantine, refused, seat
        self._admission = Admission(after)
        history = ((Mode.HISTORY, section) for section in source.history(after))
        self._sections: Iterator[Due] = chain(history, ((source.mode, section) for section in source.live(after)))

    def pull(self, ahead_ns: int) -> Due | None:
        """The next section, which is due in `ahead_ns`; None at the end. BarFileError when too many are refused.

        To be asked once the one before is aligned: who has a place depends on it.
        """
        for mode, raw in self._sections:
            now = None if mode is Mode.HISTORY else self._source.now(ahead_ns)
            refusal = self._admission.judge(raw.time, now)
            if refusal is None:
                return mode, self._seat(raw)
            self._refuse(raw, refusal)
            self._admission.give_up(raw.time, now, refusal)
        return None

    def _refuse(self, raw: RawSection, refusal: Refusal) -> None:
        kept = self._quarantine.keep(refusal.value, raw)
        told = {"time": raw.time, "stamp": raw.stamp, "symbols": len(raw.symbols)} | ({} if kept else {"kept": False})
        self._refused(refusal, told)
