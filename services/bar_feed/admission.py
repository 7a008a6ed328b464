"""Which sections may go out: none from the future of their source's own clock, none that was overtaken (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from common.errors import BarFileError

MAX_REFUSED = 100
ADVICE = "look at the source's zone, unit and clock"


class Refusal(StrEnum):
    """Why a section does not go out."""

    FUTURE = "from_the_future"
    OVERTAKEN = "out_of_order"


@dataclass(slots=True)
class Admission:
    """Judges sections as they come by their time; a source of which too many in a row are refused is given up."""

    last_time: int
    """Close time (ns) of the last section that was admitted."""
    _in_a_row: int = 0

    def judge(self, time: int, now: int | None) -> Refusal | None:
        """Why the section that closes at `time` is refused, None when it is admitted.

        `now` is the close time of the newest section that can be complete when this one goes out, None where there is
        no clock to judge by.
        """
        refusal = self._refusal(time, now)
        if refusal is None:
            self.last_time, self._in_a_row = time, 0
        else:
            self._in_a_row += 1
        return refusal

    def give_up(self, time: int, now: int | None, refusal: Refusal) -> None:
        """Raise BarFileError if this was the `MAX_REFUSED`th refusal in a row; asked once it is told and kept."""
        if self._in_a_row >= MAX_REFUSED:
            raise BarFileError(
                f"{MAX_REFUSED} sections in a row were refused, the last one ({_told(time)}) as {refusal.value}: "
                f"{ADVICE} (its clock: {'none' if now is None else _told(now)})"
            )

    def _refusal(self, time: int, now: int | None) -> Refusal | None:
        if time <= self.last_time:
            return Refusal.OVERTAKEN
        return Refusal.FUTURE if now is not None and time > now else None


def _told(time: int) -> str:
    return f"{datetime.fromtimestamp(time // 1_000_000_000, UTC):%Y-%m-%d %H:%M:%S} UTC"
