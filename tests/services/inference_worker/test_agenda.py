"""What an arm owes: in order, once, and until when."""

from __future__ import annotations

import pytest

from alphabus.messages import Mode, Reason
from alphabus.testing import day_ns
from services.inference_worker.agenda import Agenda
from services.inference_worker.section import Section
from tests.services.inference_worker.scene import DEADLINE, JOURNAL, PLAN, make_factors


def section(bar: int, due_ns: int = 0) -> Section:
    """A section that is due."""
    return Section(JOURNAL, bar, Mode.REPLAY, day_ns(bar), day_ns(bar) - 1, due_ns)


def agenda(*due: int) -> Agenda:
    """Sections 1, 2, 3 ... due at these moments."""
    it = Agenda(DEADLINE)
    for bar, due_ns in enumerate(due, start=1):
        it.add(section(bar, due_ns))
    return it


def test_the_oldest_first_and_each_once() -> None:
    """A section that is added again is the task it was."""
    it = agenda(0, 10)
    first = it.head
    assert first is not None
    it.add(section(1))
    assert it.head is first
    it.close(first)
    assert not it.owes(first)
    assert it.head is not None
    assert it.head.section.bar == 2
    it.clear()
    assert it.head is None


def test_the_same_number_later_is_another_task() -> None:
    """What is said of the old one is not said of the new one."""
    it = agenda(0)
    old = it.head
    it.clear()
    it.add(section(1))
    assert old is not None
    assert not it.owes(old)


@pytest.mark.parametrize(("due", "until"), [((1000,), 1400), ((1000, 2000), 1400), ((1000, 1200, 1300), 1200)])
def test_until_when(due: tuple[int, ...], until: int) -> None:
    """The fallback goes out at the deadline; a late answer is welcome until `late_until` or the next section."""
    it = agenda(*due)
    assert it.head is not None
    assert it.deadline(it.head) == 1100
    assert it.gives_up_at(it.head) == until


def test_another_model_is_absolved() -> None:
    """It gets all its attempts."""
    it = agenda(0)
    task = it.head
    assert task is not None
    task.attempts, task.failure = 2, Reason.CRASH
    it.absolve()
    assert task == it.head
    assert [task.attempts, task.failure] == [0, None]


def test_factors_are_of_a_plan() -> None:
    """Those of another are none."""
    it = agenda(0)
    assert it.head is not None
    factors = make_factors(1)
    it.head.section.fill(factors, 5)
    assert it.head.factors(PLAN) is factors
    assert it.head.factors(b"q" * 32) is None
