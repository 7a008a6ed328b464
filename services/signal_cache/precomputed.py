"""Signals that were computed ahead, read from their file at start and answered without any model."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator

import numpy as np

from alphabus.messages import Mode, Model, Origin, Reason, Signals, Status, Streamed, Universe, universe_digest
from common.research.precompute_check import ARM
from common.research.precompute_file import SignalFile


class Precomputed:
    """Sections by bar and close time; they are made when they are asked for, and are on no record.

    `mode` is the instance's own, so that its clients take them. The file's seal names the numbering of their bars.
    """

    def __init__(self, topic: str, file: SignalFile, mode: Mode) -> None:
        rows, told = file.rows, file.provenance
        self.topic, self._mode, self.numbering = topic, mode, told.seal[:16]
        self.left, self.end = (), None
        self._model = Model(told.model, told.version, told.digest)
        starts = rows.select(is_first=(rows["bar"] != rows["bar"].shift(1)).fill_null(value=True))[
            "is_first"
        ].arg_true()
        self._edges = np.append(starts.to_numpy(), rows.height).tolist()
        firsts = rows[starts]
        self._bars, self._times, self._stamps = (firsts[name].to_list() for name in ("bar", "time", "stamp"))
        self._symbols = rows["symbol"]
        self._values, self._flags = rows["signal"].to_numpy(), rows["flag"].to_numpy()

    def __len__(self) -> int:
        return len(self._bars)

    @property
    def latest(self) -> Signals:
        """The last section of the file."""
        return self._made(len(self) - 1)[1]

    @property
    def universe(self) -> Universe:
        """Of the last section."""
        return self._made(len(self) - 1)[0]

    def history(self, first: int, last: int) -> Iterator[Streamed]:
        """Sections of these bars, the universe in force first."""
        return self._with_universes(range(bisect_left(self._bars, first), bisect_right(self._bars, last)))

    def around(self, time: int) -> Iterator[Streamed]:
        """The section that closes at `time` (ns); if there is none, those before and after it."""
        place = bisect_left(self._times, time)
        if place < len(self) and self._times[place] == time:
            return self._with_universes([place])
        return self._with_universes(range(max(place - 1, 0), min(place + 1, len(self))))

    def _with_universes(self, places: Iterable[int]) -> Iterator[Streamed]:
        spoken = b""
        for place in places:
            universe, section = self._made(place)
            if universe.universe != spoken:
                spoken = universe.universe
                yield universe
            yield section

    def _made(self, place: int) -> tuple[Universe, Signals]:
        rows = slice(self._edges[place], self._edges[place + 1])
        symbols = tuple(self._symbols[rows])
        bar, time, digest = self._bars[place], self._times[place], universe_digest(symbols)
        section = Signals(
            self.numbering, bar, self._mode, time, self._stamps[place], digest,
            {"signal": self._values[rows], "flag": self._flags[rows]}, ARM, 0.0, self._model,
            Status.FRESH, Reason.NONE, 0, Origin(bar, time), 0,
        )  # fmt: skip
        return Universe(self.numbering, bar, digest, symbols), section
