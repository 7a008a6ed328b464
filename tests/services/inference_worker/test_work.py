"""The executor as its arm sees it: what becomes of a section, and what the breaker hears of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alphabus.messages import Mode, Reason
from alphabus.testing import day_ns
from services.inference_worker.actions import Replace, Submit
from services.inference_worker.agenda import Agenda, Task
from services.inference_worker.breaker import Breaker, State
from services.inference_worker.rules import NEVER_NS, Rules
from services.inference_worker.section import Section
from services.inference_worker.work import Work
from tests.services.inference_worker.scene import BREAKER, GUARDED, JOURNAL, WAIT, make_factors

TOUCHY = replace(GUARDED, breaker=replace(BREAKER, failures=1, slow_ns=30))
FACTORS = make_factors(1)


class Bench:
    """An executor, the agenda its section stands on, and a breaker that opens at the first bad call."""

    def __init__(self, rules: Rules = TOUCHY) -> None:
        self.agenda, self.breaker = Agenda(rules), Breaker(rules.breaker)
        self.work = Work(self.agenda, self.breaker, rules)
        self.agenda.add(Section(JOURNAL, 1, Mode.REPLAY, day_ns(1), day_ns(1) - 1, 0))
        self.work.ready()

    @property
    def task(self) -> Task:
        """The one that is owed."""
        assert self.agenda.head is not None
        return self.agenda.head

    def submit(self, now: int) -> Submit:
        """Hand it over."""
        *_, submitted = self.work.submit(self.task, FACTORS, now)
        assert isinstance(submitted, Submit)
        return submitted


@pytest.mark.parametrize(
    ("asked", "answered", "bad"),
    [(0, 30, False), (0, 31, True), (80, 99, False), (80, 100, True), (100, 120, False), (300, 331, True)],
)
def test_slow_is_bad(asked: int, answered: int, bad: bool) -> None:  # noqa: FBT001  a table
    """Slower than allowed, or over the deadline; but what it was given after that it cannot have answered before."""
    bench = Bench()
    assert bench.submit(asked) == Submit(FACTORS, 1)
    bench.work.release(answered)
    assert (bench.breaker.state is State.OPEN) is bad
    assert bench.work.idle


def test_an_executor_that_ends_is_bad() -> None:
    """With a section, which may be tried again, or without one."""
    bench = Bench()
    bench.submit(0)
    told = bench.work.lose(Reason.CRASH, 5)
    assert [it.detail["why"] for it in told] == ["crash"]
    assert (bench.task.attempts, bench.task.failure, bench.work.failure) == (1, Reason.CRASH, Reason.CRASH)
    assert not bench.work.idle
    idle = Bench()
    idle.work.lose(Reason.CRASH, 5)
    assert idle.breaker.state is State.OPEN
    assert idle.task.attempts == 0


def test_executors_that_never_were_ready_are_counted() -> None:
    """In a row; one that was ready, or died of a section, is none of them."""
    bench = Bench(WAIT)
    bench.work.lose(Reason.CRASH, 0)
    for count in (1, 2):
        bench.work.lose(Reason.CRASH, 0)
        assert bench.work.unready == count
    bench.work.ready()
    bench.submit(0)
    bench.work.lose(Reason.CRASH, 0)
    assert bench.work.unready == 0


def test_a_probe_is_marked() -> None:
    """The first section after the breaker was open."""
    bench = Bench()
    bench.work.lose(Reason.CRASH, 0)
    bench.work.ready()
    assert bench.submit(BREAKER.open_ns) == Submit(FACTORS, 1, probe=True)
    bench.work.release(BREAKER.open_ns + 1)
    assert bench.submit(BREAKER.open_ns + 2) == Submit(FACTORS, 1)


def test_given_up_unless_it_has_just_answered() -> None:
    """A child that still computes what nobody wants is killed; one that is being read is sound."""
    bench = Bench()
    other = Task(bench.task.section)
    bench.submit(0)
    assert bench.work.give_up(other, 50) == []
    assert bench.work.give_up(bench.task, 50)[0] == Replace(Reason.TIMEOUT)
    bench.work.ready()
    bench.submit(60)
    bench.work.reads()
    assert bench.work.give_up(bench.task, 70) == []


@pytest.mark.parametrize(
    ("rules", "owed", "hung"), [(TOUCHY, True, NEVER_NS), (TOUCHY, False, 405), (WAIT, True, 1005), (WAIT, False, 1005)]
)
def test_patience(rules: Rules, owed: bool, hung: int) -> None:  # noqa: FBT001  a table
    """Under `wait` as with any hung child; under a deadline the section's, or a late answer's once that is closed."""
    bench = Bench(rules)
    assert bench.work.hung_ns() == NEVER_NS
    bench.submit(5)
    if not owed:
        bench.agenda.clear()
    assert min(bench.work.hung_ns(), NEVER_NS) == hung
    if hung < NEVER_NS:
        assert bench.work.give_up_hung(hung - 1) == []
        assert bench.work.give_up_hung(hung)[0] == Replace(Reason.TIMEOUT)
