"""The two policies differ in a few numbers."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from common.config import MS, make_config
from services.inference_worker.rules import NEVER_NS, Rules

CONFIGURED = {"deadline_ms": 70, "late_until_ms": 300, "hang_after_ms": 900, "attempts": 7, "min_coverage": 0.25,
              "min_features": 0.75, "max_age_bars": 9}  # fmt: skip
BOTH = {"attempts": 7, "min_coverage": 0.25, "min_features": 0.75, "max_age_bars": 9}


@pytest.mark.parametrize(
    ("policy", "durations"),
    [
        ("deadline", {"deadline_ns": 70 * MS, "late_until_ns": 300 * MS, "hang_after_ns": NEVER_NS}),
        ("wait", {"deadline_ns": NEVER_NS, "late_until_ns": NEVER_NS, "hang_after_ns": 900 * MS}),
    ],
)
def test_rules_of_a_policy(policy: str, durations: dict[str, int]) -> None:
    """Under `deadline` time decides, under `wait` only a hung child does."""
    config = make_config(
        {"instance": "demo", "state": "s", "feed": {"source": {"bars": "b"}},
         "inference": {"policy": policy, **CONFIGURED}}, "demo",
    )  # fmt: skip
    assert asdict(Rules.of(config)) == BOTH | durations
