"""How old a model may be: by section time, warned of before, told once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.inference_worker.age import DAY_NS, ModelAge
from tests.services.inference_worker.scene import DUTY

TRAINED = 1_600_000_000_000_000_000
OLD = replace(DUTY, model_time_ns=TRAINED)


def after(days: float) -> int:
    """A section's time, so long after the end of training."""
    return TRAINED + round(days * DAY_NS)


@pytest.mark.parametrize(("days", "over"), [(-1.0, False), (9.99, False), (10.0, False), (10.01, True)])
def test_the_limit_itself_is_allowed(days: float, over: bool) -> None:  # noqa: FBT001  a table
    """Ten days; a section before the training ended is no matter."""
    assert ModelAge(10 * DAY_NS).is_over(OLD, after(days)) is over


def test_no_limit_or_no_date_is_never_over() -> None:
    """And nothing is told."""
    for age, duty in ((ModelAge(None), OLD), (ModelAge(DAY_NS), DUTY)):
        assert not age.is_over(duty, after(1000))
        assert age.tell(duty, after(1000)) == []


def test_told_before_and_when_it_is_over() -> None:
    """Once each, with which model, how old, and the limit; another model is told of anew."""
    age = ModelAge(10 * DAY_NS)
    told = [it for day in range(1, 15) for it in age.tell(OLD, after(day))]
    model = {"model": "demo/3", "limit_days": 10.0}
    assert [(it.level, it.event, it.detail) for it in told] == [
        ("warning", "model_ages", model | {"age_days": 9.0}),
        ("error", "model_too_old", model | {"age_days": 11.0}),
    ]
    assert [it.event for it in age.tell(replace(OLD, features=()), after(15))] == ["model_too_old"]
