"""What a configuration asks for, policy by policy and arm by arm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from common.config import MS, Config, make_config
from services.inference_worker.breaker import BreakerRules
from services.inference_worker.fallback import FallbackRules
from services.inference_worker.gate import GateRules
from services.inference_worker.rules import DAY_NS, NEVER_NS, SECOND_NS, Rules

CONFIGURED = {
    "deadline_ms": 70, "late_until_ms": 300, "hang_after_ms": 900, "attempts": 7, "min_coverage": 0.25,
    "min_features": 0.75, "max_age_bars": 9, "max_age_seconds": 2.5, "across_sessions": False,
    "max_model_age_days": 1.5, "gate": "hold", "gate_widening": 0.25,
    "breaker": {"failures": 2, "share": 0.75, "window": 4, "slow_share": 0.5, "open_ms": 11, "longest_open_ms": 13},
}  # fmt: skip
BREAKER = BreakerRules(
    automatic=True, failures=2, share=0.75, window=4, slow_ns=35 * MS, open_ns=11 * MS, longest_open_ns=13 * MS
)
FALLBACK = FallbackRules(max_age_bars=9, max_age_ns=5 * SECOND_NS // 2, across_sessions=False)
DEADLINE = Rules(
    deadline_ns=70 * MS, late_until_ns=300 * MS, hang_after_ns=NEVER_NS, attempts=7, min_coverage=0.25,
    min_features=0.75, fallback=FALLBACK, breaker=BREAKER, gate=GateRules(holds=True, widening=0.25),
    max_model_ns=3 * DAY_NS // 2,
)  # fmt: skip
WAIT = replace(
    DEADLINE, deadline_ns=NEVER_NS, late_until_ns=NEVER_NS, hang_after_ns=900 * MS,
    breaker=replace(BREAKER, automatic=False, slow_ns=NEVER_NS),
)  # fmt: skip


def configured(policy: str = "deadline", arm: dict[str, Any] | None = None, **inference: Any) -> Config:
    """A configuration with one arm."""
    return make_config(
        {"instance": "demo", "state": "s", "feed": {"source": {"bars": "b"}}, "arms": {"a": arm or {}},
         "inference": {"policy": policy, **CONFIGURED, **inference}}, "demo",
    )  # fmt: skip


@pytest.mark.parametrize(("policy", "rules"), [("deadline", DEADLINE), ("wait", WAIT)])
def test_rules_of_a_policy(policy: str, rules: Rules) -> None:
    """Under `deadline` time decides; under `wait` only a hung child and a person do."""
    assert Rules.of(configured(policy), "a") == rules


@pytest.mark.parametrize(
    ("arm", "changes"),
    [
        ({"max_age_bars": 0}, {"max_age_bars": 0}),
        ({"max_age_seconds": 1.0}, {"max_age_ns": SECOND_NS}),
        ({"across_sessions": True}, {"across_sessions": True}),
        ({"fallback": "void"}, {"max_age_bars": 0}),
        ({"fallback": "void", "max_age_bars": 8}, {"max_age_bars": 0}),
        ({"default_value": 0.5}, {"default_value": 0.5}),
        ({"fallback": "default", "default_value": -1.0}, {"default_value": -1.0, "always": True}),
    ],
)
def test_an_arm_says_otherwise(arm: dict[str, Any], changes: dict[str, Any]) -> None:
    """Its own table goes before the worker's; `void` is a signal that is too old at once."""
    assert Rules.of(configured(arm=arm), "a").fallback == replace(FALLBACK, **changes)


def test_limits_are_optional() -> None:
    """None of them is there unless it is configured."""
    config = make_config({"instance": "demo", "state": "s", "feed": {"source": {"bars": "b"}}}, "demo")
    rules = Rules.of(config, "champion")
    assert (rules.max_model_ns, rules.fallback.max_age_ns, rules.fallback.across_sessions) == (None, None, True)
    assert not rules.gate.holds


def test_the_longest_is_never_below_the_first() -> None:
    """One that is configured below it means that nothing is doubled."""
    breaker = Rules.of(configured(breaker={"open_ms": 900, "longest_open_ms": 1}), "a").breaker
    assert breaker.open_ns == breaker.longest_open_ns == 900 * MS
