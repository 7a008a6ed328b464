"""Answers nobody fetches: who asked found what it wanted elsewhere, and nothing piles up."""

from __future__ import annotations

from alphabus.inlet import Inlet
from alphabus.messages import Request
from alphabus.outbox import Outbox, Page
from alphabus.outlet import Outlet
from alphabus.questions import MAX_UNREAD
from alphabus.testing import ManualClock, memory_bus


def test_only_the_newest_answers_are_kept() -> None:
    """However many questions are given up; the last one's answer is still there to be fetched."""
    bus = memory_bus(clock=ManualClock())
    outlet, inlet = Outlet(bus, "signal_cache", epoch=1), Inlet(bus, "client", "signal_cache", [])

    def answer(_request: Request) -> Page:
        return Page((), complete=True)

    for _ in range(10 * MAX_UNREAD):
        last = inlet.request("at", arm="champion", time=1)
        outlet.serve(Outbox(1), answer)
        inlet.receive()
    assert len(inlet._questions._answers) == MAX_UNREAD
    assert inlet.answer(last) is not None
    assert inlet.answer(1) is None
