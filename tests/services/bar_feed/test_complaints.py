"""What the feed complains of is in the log and an alert, with the same words."""

from __future__ import annotations

import structlog
from structlog.testing import capture_logs

from services.bar_feed.admission import Refusal
from services.bar_feed.complaints import Complaints


def test_each_is_told_in_both() -> None:
    """Under its name, as a warning; an alert's detail is text."""
    alerts = list[tuple[str, str, dict[str, str]]]()
    with capture_logs() as lines:
        complaints = Complaints(
            structlog.get_logger(), lambda level, event, **told: alerts.append((level, event, told))
        )
        complaints.section_refused(Refusal.FUTURE, {"symbols": 3})
        complaints.symbols_near_limit({"limit": 4})
        complaints.symbols_without_place({"such_as": ["A"]})
    assert lines == [
        {"log_level": "warning", "event": "section_refused", "reason": "from_the_future", "symbols": 3},
        {"log_level": "warning", "event": "symbols_near_limit", "limit": 4},
        {"log_level": "warning", "event": "symbols_without_place", "such_as": ["A"]},
    ]
    assert alerts == [
        ("warning", "section_refused", {"reason": "from_the_future", "symbols": "3"}),
        ("warning", "symbols_near_limit", {"limit": "4"}),
        ("warning", "symbols_without_place", {"such_as": "['A']"}),
    ]
