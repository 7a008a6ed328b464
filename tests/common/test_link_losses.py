"""Losses on a link reach counters, log and alerts."""

from __future__ import annotations

import pytest
import structlog
from structlog.testing import capture_logs

from alphabus.losses import LOSSES, QUIET
from alphabus.testing import ManualClock
from common.counters import Counters
from common.link_losses import ALERT_NS, ALERTS, LinkLosses


def test_each_is_counted_and_what_is_odd_is_logged() -> None:
    """Under the writer's name and its own."""
    counters = Counters()
    losses = LinkLosses(structlog.get_logger(), counters, ManualClock())
    with capture_logs() as logged:
        for what in LOSSES:
            losses("bar_feed", what, 2)
    assert counters.snapshot() == {f"link.bar_feed.{what}": 2 for what in LOSSES}
    assert [row["what"] for row in logged] == [what for what in LOSSES if what not in QUIET]


@pytest.mark.parametrize(("what", "said"), ALERTS.items())
def test_what_does_not_mend_itself_unseen_is_an_alert(what: str, said: str) -> None:
    """Two writers of one name, a record that does not reach back: once a minute for each link, however often."""
    clock, alerts = ManualClock(), list[tuple[str, str, str]]()
    losses = LinkLosses(structlog.get_logger(), Counters(), clock)
    losses.alert_with(lambda level, event, **detail: alerts.append((level, event, detail["writer"])))
    with capture_logs():
        for link in ("bar_feed", "bar_feed", "factor_engine"):
            losses(link, what, 1)
        clock.advance(ALERT_NS)
        losses("bar_feed", what, 5)
    assert [writer for _, _, writer in alerts] == ["bar_feed", "factor_engine", "bar_feed"]
    assert {(level, event) for level, event, _ in alerts} == {("error", said)}
