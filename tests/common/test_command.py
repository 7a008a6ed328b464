"""A command is carried out, refused with the worker's own words, or nothing was heard of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import pytest

from alphabus.asker import WAIT_NS
from alphabus.bus import Bus
from alphabus.messages import Request
from alphabus.outbox import Outbox, Page
from alphabus.outlet import Outlet
from alphabus.testing import ManualClock, memory_bus
from common.command import DONE, EVERY_ARM, Command, carry_out
from common.errors import CommandError
from services.inference_worker.control import EVERY, Verb

SECOND_NS = 1_000_000_000


class Worker:
    """Answers commands on a memory bus, one each time somebody waits; `deaf` ones are left unanswered."""

    def __init__(self, error: str | None = None, *, deaf: int = 0) -> None:
        self.clock = ManualClock()
        self.bus: Bus = memory_bus(clock=self.clock)
        self.heard: list[Request] = []
        self._outlet = Outlet(self.bus, "inference_worker", epoch=1)
        self._error, self._deaf = error, deaf

    def wait(self, handles: Sequence[object], timeout_ns: int) -> None:
        """Answer unless it is still deaf; time passes."""
        assert handles
        self.clock.advance(timeout_ns)
        self._deaf -= 1
        if self._deaf < 0:
            self._outlet.serve(Outbox(1), self._answer)

    def _answer(self, request: Request) -> Page:
        self.heard.append(request)
        if self._error is not None:
            raise LookupError(self._error)
        return Page((), complete=True)


@pytest.mark.parametrize("verb", DONE)
def test_a_command_is_sent_once_and_confirmed(verb: str) -> None:
    """With who and why; a slow worker is waited for, not asked again."""
    worker = Worker(deaf=20)
    carry_out(Command(verb, "champion", "maintenance", "ann"), worker.bus, 5 * SECOND_NS, worker.wait)
    (request,) = worker.heard
    assert (request.verb, request.arguments) == (verb, {"arm": "champion", "why": "maintenance", "by": "ann"})
    assert worker.clock.monotonic_ns() == 21 * WAIT_NS


def test_a_refusal_is_told_in_the_worker_s_words() -> None:
    """Such as which arms there are."""
    worker = Worker("no arm 'champoin'; did you mean 'champion'?")
    with pytest.raises(CommandError, match="did you mean 'champion'"):
        carry_out(Command("halt", "champoin", "x", "ann"), worker.bus, SECOND_NS, worker.wait)


def test_silence_is_no_success() -> None:
    """In time, and saying that the outcome is unknown."""
    worker = Worker(deaf=1000)
    with pytest.raises(CommandError, match=r"did not answer in 2 s, so whether 'halt' was carried out is unknown"):
        carry_out(Command("halt", "champion", "x", "ann"), worker.bus, 2 * SECOND_NS, worker.wait)
    assert worker.clock.monotonic_ns() == 2 * SECOND_NS


def test_the_verbs_are_the_worker_s() -> None:
    """Every verb of its, and no other; likewise the word for all arms."""
    assert set(DONE) == set(get_args(Verb))
    assert EVERY_ARM == EVERY
