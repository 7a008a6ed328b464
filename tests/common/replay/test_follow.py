"""Following a run: how far it is, when it is over, and when it is given up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from alphabus.messages import Heartbeat
from alphabus.testing import ManualClock
from common.replay.follow import Progress, follow, waiting_of
from common.replay.pipeline import Pipeline

SECOND = 1_000_000_000


@dataclass(slots=True)
class Run:
    """A run as it is seen from outside: (sent, recorded, ended) at each look; None where nobody answers."""

    looks: list[tuple[int, int, bool] | None]
    clock: ManualClock = field(default_factory=ManualClock)
    running: bool = True
    counters: dict[str, int] = field(default_factory=dict)
    reports: list[Progress] = field(default_factory=list)

    def status(self, service: str) -> Heartbeat | None:
        """What a process says of itself."""
        look = self.looks[0]
        if look is None:
            return None
        sent, recorded, ended = look
        bar = sent if service == "bar_feed" else recorded
        return Heartbeat(service, 1, bytes(16), bar, 0, {}, {"ended": int(ended), **self.counters})

    def pause(self) -> None:
        """The next look is a second later."""
        self.clock.advance(SECOND)
        if len(self.looks) > 1:
            self.looks.pop(0)
        else:
            self.running = self.running and self.looks[0] is not None

    def follow(self, **options: Any) -> str:
        """Why it was given up, if it was."""
        return follow(cast("Pipeline", self), self.clock, self.reports.append, pause=self.pause, **options).trouble


def test_to_its_end() -> None:
    """Each step is told once; a process that is away for a while, or has forgotten, takes nothing back."""
    run = Run([None, (3, 1, False), (3, 1, False), None, (0, 2, False), (9, 9, True)])
    assert run.follow() == ""
    assert run.reports == [Progress(3, 1), Progress(3, 2), Progress(9, 9, ended=True)]


def test_processes_that_end_before_the_stream() -> None:
    """The launcher is gone: nothing more will come."""
    assert "ended before the stream did" in Run([(3, 1, False), None]).follow()


def test_a_full_disk_is_said() -> None:
    """Who waits for space, where logs on that disk could not tell."""
    run = Run([(3, 1, False)])
    run.counters = {"disk_full": 2, "disk_has_room": 1}
    assert run.follow(stalled_ns=5 * SECOND) == "nothing moved for 5 s; the disk of bar_feed and signal_cache is full"


def test_who_does_not_answer_still_waits_for_space() -> None:
    """As far as anybody knows; and so it is told of a run."""
    beats = [Heartbeat("bar_feed", 1, bytes(16), 1, 0, {}, {"disk_full": full}) for full in (0, 1)]
    assert waiting_of(beats[:1], ["bar_feed", "signal_cache"]) == ("signal_cache",)
    assert waiting_of(beats[1:], []) == ("bar_feed",)
    run = Run([(3, 1, False), None])
    run.counters = {"disk_full": 1}
    run.follow(stalled_ns=2 * SECOND)
    assert {report.full for report in run.reports} == {("bar_feed", "signal_cache")}


def test_nothing_moves() -> None:
    """Given up after a while without any step, however long the run was before."""
    run = Run([(bar, 1, False) for bar in range(1, 50)])
    assert run.follow(stalled_ns=5 * SECOND) == "nothing moved for 5 s; the logs say where it stands"
    assert run.reports[-1] == Progress(49, 1)
