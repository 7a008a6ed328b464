"""What an answer must be: a number for everybody who may have one, not the same for all, not out of this world."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from alphabus.messages import Flag
from services.inference_worker.gate import FEWEST, Gate, GateRules, Verdict

Floats = NDArray[np.float64]

RANGE = (-1.0, 3.0)
WELL = np.linspace(-1.0, 3.0, FEWEST)


def judged(values: Floats, *, flags: NDArray[np.uint8] | None = None, widening: float = 0.5) -> Verdict:
    """The verdict on an answer of everybody, unless flags are given."""
    flags = np.zeros(len(values), np.uint8) if flags is None else flags
    return Gate(GateRules(holds=True, widening=widening)).judge(values, flags, RANGE)


def with_first(value: float) -> Floats:
    """A good answer but for the first symbol."""
    return np.concatenate([[value], WELL[1:]])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_no_answer(value: float) -> None:
    """Unless it is of a symbol that gets no value anyway."""
    assert judged(with_first(value)) == Verdict(invalid=True)
    flags = np.array([Flag.COLD, *[Flag.OK] * (FEWEST - 1)], np.uint8)
    assert judged(with_first(value), flags=flags) == Verdict()


@pytest.mark.parametrize(
    ("value", "widening", "suspect"),
    [(-1.0, 0.0, False), (-1.01, 0.0, True), (-3.0, 0.5, False), (5.0, 0.5, False), (5.01, 0.5, True),
     (-3.01, 0.5, True), (1e300, 1.0, True)],
)  # fmt: skip
def test_far_outside_the_training(value: float, widening: float, suspect: bool) -> None:  # noqa: FBT001  a table
    """So many widths of the range on either side of it are allowed; the text counts who is beyond."""
    verdict = judged(with_first(value), widening=widening)
    assert bool(verdict.suspect) is suspect
    assert not suspect or verdict.suspect.startswith(f"outside: 1 of {FEWEST} symbols beyond")


def test_one_value_for_everybody() -> None:
    """A few symbols may agree by chance; all of many do not. Nobody's value is no constant either."""
    assert judged(np.full(FEWEST, 0.5)).suspect == f"constant: 0.5 for {FEWEST} symbols"
    assert judged(np.full(FEWEST - 1, 0.5)) == Verdict()
    assert judged(WELL, flags=np.full(FEWEST, Flag.COLD, np.uint8)) == Verdict()
    assert judged(np.empty(0)) == Verdict()


def test_without_a_range_only_constants_are_suspect() -> None:
    """A bundle that does not say what its model said."""
    gate = Gate(GateRules(holds=True, widening=0.0))
    flags = np.zeros(FEWEST, np.uint8)
    assert gate.judge(WELL * 1e300, flags, None) == Verdict()
    assert gate.judge(np.zeros(FEWEST), flags, None).suspect


def test_policy() -> None:
    """Only what is suspect is held, and only when the policy says so."""
    for holds in (True, False):
        gate = Gate(GateRules(holds=holds, widening=1.0))
        assert gate.holds(Verdict(suspect="constant")) is holds
        assert not gate.holds(Verdict())
