"""A seat with real children: one after the other, never two, with a back-off on the clock that is handed in."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from alphabus.messages import Factors, Reason
from alphabus.sockets import wait_on
from alphabus.testing import ManualClock
from common.restarts import SECOND
from services.inference_worker.exchange import Answer, Failed, Ready
from services.inference_worker.seat import REASONS, Happened, Seat
from tests.common.models.sample_bundle import NAMES
from tests.services.inference_worker.scene import SYMBOLS, make_factors

LIMIT_NS = 60 * SECOND


@contextmanager
def seat(bundle: Path, clock: ManualClock, faults: str = "", folder: Path | None = None) -> Iterator[Seat]:
    """A seat that leaves no child behind."""
    plan = None
    if folder is not None:
        plan = folder / "faults.toml"
        plan.write_text(faults, encoding="ascii")
    it = Seat(bundle, NAMES, dict(os.environ), clock, plan)
    try:
        yield it
    finally:
        pid = it.pid
        it.close()
        assert it.pid == 0
        assert not pid or not Path(f"/proc/{pid}").exists()


def happens(it: Seat) -> Happened:
    """What the child says next; waits for it."""
    while True:
        if happened := it.receive():
            assert len(happened) == 1
            return happened[0]
        wait_on(it.handles(), LIMIT_NS)


def section() -> Factors:
    """Factors with the features of the sample bundle."""
    factors = make_factors(5)
    marks = {name: factors.columns[name] for name in ("present", "member", "warm")}
    return replace(factors, columns=dict.fromkeys(NAMES, factors.columns["alpha"]) | marks)


def test_ready_then_answer(bundle: Path) -> None:
    """The child proves its bundle, then scores what it is handed: one value a symbol."""
    with seat(bundle, ManualClock()) as it:
        assert isinstance(happens(it), Ready)
        it.submit(section(), 1)
        answer = happens(it)
        assert isinstance(answer, Answer)
        assert answer.values.shape == (len(SYMBOLS),)


def test_a_killed_child_is_followed_after_the_back_off(bundle: Path) -> None:
    """Its end is told once; the next one starts when its time has come, not before, and knows nothing of the last."""
    clock = ManualClock()
    with seat(bundle, clock) as it:
        assert isinstance(happens(it), Ready)
        it.submit(section(), 1)
        os.kill(it.pid, signal.SIGKILL)
        failed = happens(it)
        if isinstance(failed, Answer):  # it was quicker than the signal
            failed = happens(it)
        assert isinstance(failed, Failed)
        assert REASONS[failed.cause] is Reason.CRASH
        it.replace()
        assert (it.pid, it.handles(), it.receive(), it.wake_ns()) == (0, [], [], SECOND // 20)
        clock.advance(SECOND // 20)
        assert isinstance(happens(it), Ready)
        assert it.starts == 2


def test_each_failure_waits_longer(bundle: Path) -> None:
    """Up to the longest wait; the seat is never given up."""
    clock = ManualClock()
    waits = []
    with seat(bundle, clock) as it:
        for _ in range(9):
            it.replace()
            wake = it.wake_ns()
            assert wake is not None
            waits.append(wake - clock.monotonic_ns())
    assert waits == [SECOND // 20 << number for number in range(7)] + [5 * SECOND] * 2


@pytest.mark.parametrize(
    ("action", "reason"), [("segfault", Reason.CRASH), ("raise", Reason.CRASH), ("short", Reason.INVALID)]
)
def test_what_a_failure_is_called(bundle: Path, tmp_path: Path, action: str, reason: Reason) -> None:
    """By what the child did."""
    with seat(bundle, ManualClock(), f'[[fault]]\naction = "{action}"\nbars = [5]\n', tmp_path) as it:
        assert isinstance(happens(it), Ready)
        it.submit(section(), 1)
        failed = happens(it)
        assert isinstance(failed, Failed)
        assert REASONS[failed.cause] is reason


def test_a_bundle_that_cannot_be_served_is_a_crash(tmp_path: Path) -> None:
    """Told by the child with the reason, before it ever was ready."""
    with seat(tmp_path / ("0" * 64), ManualClock()) as it:
        failed = happens(it)
        assert isinstance(failed, Failed)
        assert (failed.cause, REASONS[failed.cause]) == ("load", Reason.CRASH)
