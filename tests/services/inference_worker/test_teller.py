"""What arms tell: into the log with its numbers as numbers, counted, and as text onto the bus."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest
import structlog
from structlog.testing import CapturingLogger

from alphabus.messages import Reason, Status
from alphabus.outlet import Outlet
from common.counters import Counters
from services.inference_worker.actions import Detail, Told
from services.inference_worker.teller import Teller
from tests.services.inference_worker.scene import DEADLINE, started


class Ear:
    """An outlet that only hears alerts."""

    def __init__(self) -> None:
        self.alerts: list[tuple[str, str, dict[str, str]]] = []

    def alert(self, level: str, event: str, **detail: str) -> None:
        """Note it."""
        self.alerts.append((level, event, detail))


@pytest.mark.parametrize("level", ["info", "warning", "error"])
def test_a_number_is_a_number_in_the_log_and_text_in_an_alert(level: str) -> None:
    """What has no value is left out, a 0 is not; information is neither counted nor sent."""
    lines, ear, counters = CapturingLogger(), Ear(), Counters()
    log: Any = structlog.wrap_logger(lines, processors=[])
    detail: Detail = {"bar": 865, "failures": 0, "at_least_s": 30.0, "age_days": 0.25, "model": "demo/1", "wanted": ""}
    Teller(log, counters, cast("Outlet", ear)).tell("champion", Told(level, "model_ages", detail))
    (line,) = lines.calls
    said = {"arm": "champion", "bar": 865, "failures": 0, "at_least_s": 30.0, "age_days": 0.25, "model": "demo/1"}
    assert line.kwargs == {"event": "model_ages", **said}
    told = {"arm": "champion", "bar": "865", "failures": "0", "at_least_s": "30", "age_days": "0.25", "model": "demo/1"}
    assert ear.alerts == ([] if level == "info" else [(level, "model_ages", told)])
    assert counters.snapshot() == ({} if level == "info" else {"model_ages": 1})


def test_what_went_out_is_counted_and_what_is_not_fresh_is_in_the_log() -> None:
    """With its reason; that is no alert."""
    lines, ear, counters = CapturingLogger(), Ear(), Counters()
    teller = Teller(structlog.wrap_logger(lines, processors=[]), counters, cast("Outlet", ear))
    fresh = started(DEADLINE).published[-1]
    for signals in (fresh, replace(fresh, bar=2, status=Status.HELD, reason=Reason.TIMEOUT), fresh):
        teller.note(signals)
    (line,) = lines.calls
    assert line.kwargs == {"event": "not_fresh", "arm": fresh.arm, "bar": 2, "status": "held", "reason": "timeout"}
    assert (counters.snapshot(), ear.alerts) == ({"signals_fresh": 2, "signals_held": 1}, [])
