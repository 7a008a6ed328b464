"""What a source hands over, section by section: history, then what is to become signals, and none that is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from alphabus.messages import Mode
from common.lines import append_line
from services.bar_feed.admission import ADVICE, Admission, Refusal
from services.bar_feed.sources import RawSection, Source

MAX_KEPT = 100  # refused sections in the quarantine: the first tell what is wrong
SHOWN = 5  # symbols without a place, by name

Due = tuple[Mode, RawSection]
Refused = Callable[[Refusal, Mapping[str, Any]], None]
Homeless = Callable[[Sequence[str]], Sequence[str]]
"""Of the symbols of a section the new ones, if there is no place for all of them."""


def nobody(_: Sequence[str]) -> Sequence[str]:
    """There is a place for everybody."""
    return ()


class Arrivals:
    """Pulls the sections of a source that close after `after` (ns); refused ones are kept, and told of."""

    def __init__(
        self, source: Source, after: int, quarantine: Path, refused: Refused, homeless: Homeless = nobody
    ) -> None:
        self.mode = source.mode
        self._source, self._quarantine, self._refused, self._homeless = source, quarantine, refused, homeless
        self._admission, self._kept = Admission(after), 0
        history = ((Mode.HISTORY, section) for section in source.history(after))
        self._sections: Iterator[Due] = chain(history, ((source.mode, section) for section in source.live(after)))

    def pull(self, ahead_ns: int) -> Due | None:
        """The next section, which is due in `ahead_ns`; None at the end. BarFileError when too many are refused."""
        for mode, raw in self._sections:
            now = None if mode is Mode.HISTORY else self._source.now(ahead_ns)
            homeless = self._homeless(raw.symbols)
            refusal = self._admission.judge(raw.time, now, crowded=bool(homeless))
            if refusal is None:
                return mode, raw
            self._refuse(raw, refusal, homeless)
            self._admission.give_up(raw.time, now, refusal)
        return None

    def _refuse(self, raw: RawSection, refusal: Refusal, homeless: Sequence[str]) -> None:
        told: dict[str, Any] = {"time": raw.time, "stamp": raw.stamp, "symbols": len(raw.symbols)}
        if refusal is Refusal.CROWDED:
            told |= {"new": len(homeless), "such_as": list(homeless[:SHOWN]), "advice": ADVICE[refusal]}
        self._kept += 1
        if self._kept <= MAX_KEPT:
            columns = {name: values.tolist() for name, values in raw.columns.items()}
            row = {"reason": refusal.value, **told, "symbols": raw.symbols, "columns": columns}
            if not append_line(self._quarantine, row):
                told["kept"] = False
        self._refused(refusal, told)
