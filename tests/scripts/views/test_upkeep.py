"""What `up` says while it runs, and in the end: how far it is, and who waits for space."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest

from alphabus.messages import Heartbeat
from scripts.views.tidings import Tidings
from scripts.views.upkeep import how_to_stop, take_note
from tests.common.signals import signals_restored


def beat(service: str, bar: int, **counters: int) -> Heartbeat:
    """How a process says it is."""
    return Heartbeat(service, 1, bytes(16), bar, 0, {}, counters)


@pytest.mark.parametrize(
    ("beats", "bar", "line"),
    [
        ([], 0, "starting"),
        ([beat("bar_feed", 400)], 400, "bar 400: no signal since the start"),
        ([beat("bar_feed", 420), beat("signal_cache", 0)], 420, "bar 420: no signal since the start"),
        (
            [beat("bar_feed", 1420), beat("signal_cache", 1419, signals_fresh=1000, signals_held=2)],
            1420,
            "bar 1,420: 1,000 fresh, 2 held",
        ),
        (
            [beat("bar_feed", 420, disk_full=1), beat("signal_cache", 419, signals_fresh=9, disk_full=1)],
            420,
            "bar 420: the disk is full, waiting for space: bar_feed, signal_cache",
        ),
        ([beat("signal_cache", 419, signals_fresh=9, disk_full=2, disk_has_room=2)], 419, "bar 419: 9 fresh"),
    ],
)
def test_how_far_it_is(beats: list[Heartbeat], bar: int, line: str) -> None:
    """The feed's record is where the next start goes on, though the cache is away or behind."""
    figures: dict[str, Any] = {"bar": 0}
    assert take_note(beats, figures) == line
    assert figures["bar"] == bar


def test_who_does_not_answer_takes_nothing_back() -> None:
    """What was known stays."""
    figures: dict[str, Any] = {"bar": 0}
    take_note([beat("bar_feed", 420), beat("signal_cache", 419, signals_fresh=9)], figures)
    assert take_note([beat("bar_feed", 0)], figures) == "bar 420: 9 fresh"


def test_what_befalls_it_is_told_once() -> None:
    """Also where nobody sees a line that changes; deaths of earlier starts are no news."""
    tidings = Tidings({"monitor": 3})
    assert tidings.lines((), {"monitor": 3}) == []
    assert tidings.lines(["bar_feed"], {"monitor": 5}) == [
        "monitor died and is started again, 2 times since the last look",
        "bar_feed: the disk is full, it waits for space",
    ]
    assert tidings.lines(["bar_feed"], {"monitor": 5}) == []
    assert tidings.lines((), {"monitor": 5}) == ["bar_feed: there is space again"]
    assert tidings.lines((), {"monitor": 6}) == ["monitor died and is started again"]


@pytest.mark.parametrize(("sigint", "told"), [(signal.default_int_handler, "Ctrl-C"), (signal.SIG_IGN, "kill ")])
def test_it_says_how_it_is_stopped(sigint: Any, told: str) -> None:
    """One that a shell began in the background ignores Ctrl-C, so that it names the process to be told."""
    with signals_restored():
        signal.signal(signal.SIGINT, sigint)
        assert how_to_stop() == (told if told == "Ctrl-C" else f"kill {os.getpid()}")
