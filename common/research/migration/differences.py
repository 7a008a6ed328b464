"""Values as they are, with each known difference from vnpy made on purpose, and with all of them (pure)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from common.research.migration.findings import Sides, agree, deviation, moved
from common.research.migration.market import Market
from common.research.migration.reasons import Reason
from common.research.migration.rewriting import TEXTUAL, as_vnpy, called

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Differences:
    """Over the rows of a market; whole: columns of its bars that vnpy held as whole numbers."""

    market: Market
    whole: Collection[str] = ()

    def sides(self, texts: Mapping[str, str], theirs: Mapping[str, Floats]) -> dict[str, Sides]:
        """Both sides of each factor by name; theirs f8[N]."""
        ours = self.market.values(texts)
        apart: dict[str, dict[Reason, Floats]] = {name: {} for name in texts}
        for reason, found in self._apart(texts, ours).items():
            for name, values in found.items():
                if bool(np.any(moved(ours[name], values, deviation(theirs[name])))):
                    apart[name][reason] = values
        differing = {name: text for name, text in texts.items() if not agree(ours[name], theirs[name]).all()}
        together = self.market.as_vnpy.values(differing | self._rewritten(differing, TEXTUAL))
        return {name: Sides(ours[name], theirs[name], apart[name], together.get(name, ours[name])) for name in texts}

    def _apart(self, texts: Mapping[str, str], ours: Mapping[str, Floats]) -> dict[Reason, dict[str, Floats]]:
        found = {Reason.LOAD_WINDOW: self.market.as_loaded.values(self._scaled(texts, ours))}
        across = {name: text for name, text in texts.items() if any(each.startswith("cs_") for each in called(text))}
        if not np.array_equal(self.market.member, self.market.panel.present):
            found[Reason.MEMBERS] = self.market.of_everybody.values(across)
        for reason in sorted(TEXTUAL):
            found[reason] = self.market.values(self._rewritten(texts, {reason}))
        return found

    def _scaled(self, texts: Mapping[str, str], ours: Mapping[str, Floats]) -> dict[str, str]:
        """Texts whose values hang on the scale of a symbol's prices: vnpy's is the first close it loads."""
        if all(
            np.array_equal(self.market.panel.columns[name], values, equal_nan=True) for name, values in self._held()
        ):
            return {}
        other = self.market.rescaled.values(texts)
        return {
            name: text for name, text in texts.items() if moved(ours[name], other[name], deviation(ours[name])).any()
        }

    def _held(self) -> list[tuple[str, Floats]]:
        return [(name, values) for name, values in self.market.loaded.items() if name in self.market.panel.columns]

    def _rewritten(self, texts: Mapping[str, str], reasons: Collection[Reason]) -> dict[str, str]:
        """Texts that change."""
        made = {name: as_vnpy(text, reasons, self.whole) for name, text in texts.items()}
        return {name: text for name, text in made.items() if text != texts[name]}
