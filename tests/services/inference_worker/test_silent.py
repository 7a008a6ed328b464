"""A symbol the model's processors left out has no opinion: NaN and a flag, and no fault of the model."""

from __future__ import annotations

import numpy as np
import pytest

from alphabus.messages import Flag, Status
from services.inference_worker.candidate import Candidate, Phase, Trial
from services.inference_worker.composition import flag_symbols
from tests.services.inference_worker.scene import DEADLINE, DUTY, FEATURES, WAIT, make_factors, started

NAN = float("nan")
SECOND = np.array([False, True, False])


def test_the_silent_are_flagged() -> None:
    """As one with too few features; a reason that comes first stays."""
    factors = make_factors(1, member=[1, 1, 0])
    everyone = np.ones(3, np.bool_)
    assert flag_symbols(factors, FEATURES, 0.5, SECOND).tolist() == [Flag.OK, Flag.FEW_FEATURES, Flag.NOT_MEMBER]
    assert flag_symbols(factors, FEATURES, 0.5, everyone).tolist()[2] == Flag.NOT_MEMBER
    assert flag_symbols(factors, FEATURES, 0.5, ~everyone).tolist() == flag_symbols(factors, FEATURES, 0.5).tolist()


@pytest.mark.parametrize("rules", [DEADLINE, WAIT])
def test_a_section_with_silent_symbols_is_fresh(rules: object) -> None:
    """Their NaN is published, the executor stays."""
    scene = started(DEADLINE if rules is DEADLINE else WAIT)
    scene.fill(2)
    scene.do(scene.arm.answered(np.array([1.0, NAN, 3.0]), scene.now, silent=SECOND))
    assert scene.replaced == []
    signals = scene.published[-1]
    assert (signals.bar, signals.status) == (2, Status.FRESH)
    assert signals.columns["flag"].tolist() == [Flag.OK, Flag.FEW_FEATURES, Flag.OK]
    assert str(signals.columns["signal"].tolist()) == "[1.0, nan, 3.0]"


def test_nan_of_somebody_else_is_still_invalid() -> None:
    """Silence of one is no excuse for another."""
    scene = started(DEADLINE)
    scene.fill(2)
    scene.do(scene.arm.answered(np.array([NAN, NAN, 3.0]), scene.now, silent=SECOND))
    assert len(scene.replaced) == 1


def test_a_candidate_may_be_silent() -> None:
    """In its rehearsal, too."""
    for silent, phase in ((SECOND, Phase.WARMING), (None, Phase.FAILED)):
        it = Candidate(DUTY, Trial(min_features=0.5, patience_ns=1000, wait_ns=10_000, wait_bars=3))
        it.loaded()
        assert it.rehearses(make_factors(1, plan=DUTY.plan), DUTY.plan, 0) is not None
        it.answered(np.array([1.0, NAN, 3.0]), silent)
        assert it.phase is phase
