"""What an arm says of a section: the values of an answer, or what goes out instead; it knows what was said (pure)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from alphabus.messages import Factors, Reason
from common.models.flags import Flags
from services.inference_worker.actions import Action, Publish, Told
from services.inference_worker.age import ModelAge
from services.inference_worker.composition import Spoken, computed, flag_symbols, speak
from services.inference_worker.duty import Duty
from services.inference_worker.fallback import Fallback
from services.inference_worker.gate import Gate, Verdict
from services.inference_worker.rules import Rules
from services.inference_worker.section import Section


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """An answer to a section's factors: values f8[S], who may have one, and what the gate makes of it."""

    factors: Factors
    values: NDArray[np.float64]
    flags: Flags
    verdict: Verdict


class Speech:
    """Puts sections into words; `previous` is what was computed last, for as long as nothing else is."""

    def __init__(self, rules: Rules, age: ModelAge) -> None:
        self.previous: Spoken | None = None
        self._min_features, self._age = rules.min_features, age
        self._fallback, self._gate = Fallback(rules.fallback), Gate(rules.gate)

    def judge(
        self, factors: Factors, duty: Duty, values: NDArray[np.float64], silent: NDArray[np.bool_] | None
    ) -> Judged:
        """Look at an answer; silent: on whom the model has no opinion."""
        flags = flag_symbols(factors, duty.features, self._min_features, silent)
        return Judged(factors, values, flags, self._gate.judge(values, flags, duty.prediction_range))

    def instead(self, section: Section, duty: Duty, reason: Reason, *, deadline_ns: int) -> Iterator[Action]:
        """What goes out of a section that has no values of its own, or none yet."""
        yield Publish(self._fallback.instead(section, duty, self.previous, reason), deadline_ns)
        yield from self._age.tell(duty, section.time)

    def own(
        self, section: Section, duty: Duty, judged: Judged, *, deadline_ns: int, late: bool, times: tuple[int, int]
    ) -> Iterator[Action]:
        """A section's own values; what the gate holds back is no revision, and not remembered.

        late: the fallback went out already, and this is the revision.
        times: when the executor got the factors, and now.
        """
        if not self._gate.holds(judged.verdict):
            spoken = speak(section, judged.factors, judged.values, judged.flags, duty.voice.model)
            signals = computed(section, spoken, duty, late=late, times=times)
            instead = partial(self._fallback.instead, section, duty, self.previous, Reason.TIMEOUT)
            yield Publish(signals, deadline_ns, None if late else instead)
            yield from self._age.tell(duty, signals.time)
            self.previous = spoken
        elif not late:
            yield from self.instead(section, duty, Reason.GATED, deadline_ns=deadline_ns)
        if judged.verdict.suspect:
            yield Told("warning", "answer_suspect", {"bar": section.bar, "detail": judged.verdict.suspect})
