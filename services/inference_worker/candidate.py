"""A model that is to take an arm over: what it must show first, step by step (pure).

It loads and proves its bundle, answers the last section, and, if it wants factors of its own, waits until they are as
warm as those in use. Until then, and if anything fails, the model that serves is not touched.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Factors, Flag
from services.inference_worker.actions import Told
from services.inference_worker.composition import flag_symbols
from services.inference_worker.duty import Duty


class Phase(StrEnum):
    """How far it is."""

    LOADING = "loading"
    REHEARSING = "rehearsing"
    WARMING = "warming"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Trial:
    """What a candidate is judged by: least share of features a symbol needs, and how long an answer may take (ns).

    It may wait for its factors for `wait_ns`, and as many sections as `wait_bars`, whichever is later: a market that is
    closed is not its fault.
    """

    min_features: float
    patience_ns: int
    wait_ns: int
    wait_bars: int


@dataclass(slots=True)
class Candidate:
    """One model on its way to an arm."""

    duty: Duty
    trial: Trial
    phase: Phase = Phase.LOADING
    reason: str = ""
    """Why it failed."""
    rehearsed: bool = False
    """Whether it answered a section, and every value was finite."""
    restarted: bool = False
    """Whether its child ended once, and another was started."""
    relieves: bool = False
    """Whether it is brought in because the one that serves is unfit, and not because an alias means it."""
    _rehearsed: Factors | None = None
    _asked_ns: int = 0
    _waits_since: tuple[int, int] | None = None
    """Moment (ns) and section from which on it had to wait for its factors."""
    _idle_since: int | None = None
    """Moment from which on it was ready, and only sections that nobody answers kept it from taking over."""

    def loaded(self) -> None:
        """Its child has verified and proven the bundle."""
        if self.phase is Phase.LOADING:
            self.phase = Phase.REHEARSING

    def starts_anew(self) -> None:
        """Its child ended, and there is another: what that one was asked is asked again."""
        self.phase, self._rehearsed, self.restarted = Phase.LOADING, None, True

    @property
    def is_asked(self) -> bool:
        """Whether its answer to a section is awaited."""
        return self._rehearsed is not None

    def failed(self, reason: str) -> None:
        """It will not serve."""
        self.phase, self.reason = Phase.FAILED, reason

    def rehearses(self, own: Factors | None, used: bytes, now: int) -> Factors | None:
        """The section to hand to its child now, if any; without any section of this plan yet there is none to answer.

        `own` are the newest factors of its plan, `used` is the plan that serves.
        """
        if self.phase is not Phase.REHEARSING or self._rehearsed is not None:
            return None
        if own is None:
            self.phase = Phase.WARMING if self.duty.plan == used else self.phase
            return None
        if lacking := [name for name in self.duty.features if name not in own.columns]:
            self.failed(f"its factors lack {', '.join(lacking[:5])}")
            return None
        self._rehearsed, self._asked_ns = own, now
        return own

    def answered(self, values: NDArray[np.float64], silent: NDArray[np.bool_] | None = None) -> None:
        """It said something about the last section: every symbol that may have a value must have a finite one."""
        if self.phase is not Phase.REHEARSING or self._rehearsed is None:
            return
        flags = flag_symbols(self._rehearsed, self.duty.features, self.trial.min_features, silent)
        odd = int((~np.isfinite(values[flags == Flag.OK])).sum())
        self._rehearsed = None
        if odd:
            self.failed(f"answered NaN or infinity for {odd} of {int((flags == Flag.OK).sum())} symbols")
        else:
            self.phase, self.rehearsed = Phase.WARMING, True

    def look(self, own: Factors | None, used: Factors | None, now: int, bar: int | None) -> list[Told]:
        """Judge its factors beside those in use, newest of both; say so once when they have to be waited for.

        `bar` is the newest section that was announced; None where sections wait for it, and do not count.
        """
        if self.phase is Phase.REHEARSING and self._rehearsed is not None:
            self._lose_patience(now)
        if self.phase in {Phase.WARMING, Phase.READY}:  # judged anew: the switch has to wait for a pause between bars
            self.phase = Phase.READY if self._is_warm(own, used) else Phase.WARMING
        if own is used or not self._waits(own, used):
            return []
        if self._waits_since is None:
            self._waits_since = now, bar or 0
            return [self._waiting(own)]
        self._wait_no_longer(own, now, bar)
        return []

    def is_idle_for_long(self, now: int) -> bool:
        """Whether nothing will come any more of what it still waits for, though it is ready itself."""
        self._idle_since = now if self._idle_since is None else self._idle_since
        return now - self._idle_since >= self.trial.wait_ns

    def wake_ns(self) -> int | None:
        """When patience with its answer ends."""
        return None if self._rehearsed is None else self._asked_ns + self.trial.patience_ns

    def __str__(self) -> str:
        model = self.duty.voice.model
        return f"{model.name}/{model.version}"

    def _lose_patience(self, now: int) -> None:
        if now - self._asked_ns >= self.trial.patience_ns:
            self._rehearsed = None
            self.failed(f"no answer to the last section in {self.trial.patience_ns // 1_000_000} ms")

    def _waiting(self, own: Factors | None) -> Told:
        limits = {"at_least_s": self.trial.wait_ns / 1e9, "and_sections": self.trial.wait_bars}
        return Told("warning", "candidate_waiting", {"model": str(self), "detail": self._lack(own), **limits})

    def _wait_no_longer(self, own: Factors | None, now: int, bar: int | None) -> None:
        since, from_bar = self._waits_since or (now, 0)
        enough = bar is None or bar - from_bar >= self.trial.wait_bars
        if enough and now - since >= self.trial.wait_ns:
            self.failed(f"{self._lack(own)}, after {(now - since) / 1e9:.0f} s; the factor engine's log says why")

    def _lack(self, own: Factors | None) -> str:
        lack = "did not come" if own is None else "are not as warm as those in use"
        return f"the factors it wants (plan {self.duty.plan.hex()[:8]}) {lack}"

    def _waits(self, own: Factors | None, used: Factors | None) -> bool:
        lacks = self.phase is Phase.REHEARSING and self._rehearsed is None and own is None
        return lacks or (self.phase is Phase.WARMING and not self._is_warm(own, used))

    def _is_warm(self, own: Factors | None, used: Factors | None) -> bool:
        """Whether the newest section in use is there in its factors, too, with as many members warm."""
        if used is None or own is used:
            return True
        same = own is not None and (own.journal, own.bar) == (used.journal, used.bar)
        return same and own is not None and warm_members(own) >= warm_members(used)


def warm_members(factors: Factors) -> int:
    """How many members of a section have a full look-back."""
    marks = [factors.columns[name].astype(np.bool_) for name in ("member", "warm")]
    return int(np.count_nonzero(marks[0] & marks[1]))
