"""A worker that was killed, under a deadline: what it comes back to is judged by when it was due."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from alphabus.codec import decode
from alphabus.endpoints import SERVICES
from alphabus.messages import Signals
from alphabus.sockets import Channel
from common.service import Context
from services.inference_worker.executor.child_process import Dying
from services.inference_worker.roster.post import Post
from tests.services.cluster import MS, Cluster, toy_config, toy_registry
from tests.services.seats import FormulaSeat
from tests.services.test_swap import HISTORY, market

PACE_MS, DEADLINE_MS, LATE_MS, STEP_MS = 1000, 50, 500, 5
LIVE = 8
TABLES: dict[str, Any] = {
    "feed": {"pace_s": PACE_MS / 1000},
    "inference": {"policy": "deadline", "deadline_ms": DEADLINE_MS, "late_until_ms": LATE_MS},
}
RESTARTED = HISTORY + 4
"""The section that is due next when the worker is killed."""
LAST = HISTORY + LIVE


class SlowStart(FormulaSeat):
    """A seat whose child takes its time to load."""

    def __init__(self, post: Post, context: Context, dying: Dying, load_ms: int) -> None:
        super().__init__(post, context, dying)
        ready = context.bus.clock.monotonic_ns() + load_ms * MS
        self._said.append((ready, self._said.popleft()[1]))


@dataclass(slots=True)
class Watched:
    """A pipeline of which it is known when each section was due and when it went out (ns), revision by revision."""

    cluster: Cluster
    due: dict[int, int] = field(default_factory=dict)
    said: dict[tuple[int, int], tuple[int, str, str]] = field(default_factory=dict)
    _ear: Channel | None = None

    def hear(self) -> None:
        """Listen to the worker; anew where it was started anew."""
        if self._ear is not None:
            self._ear.close()
        bus = self.cluster.services["inference_worker"].context.bus
        self._ear = bus.transport.subscriber(
            bus.endpoints.live("inference_worker"), [bus.endpoints.topic("signals", "champion")]
        )

    def round(self) -> None:
        """One of everybody."""
        now = self.cluster.clock.monotonic_ns()
        since = self.cluster.clock.wall_ns() - now
        self.cluster.round(STEP_MS * MS)
        self.due.setdefault(self.cluster.services["bar_feed"].bar, now)
        while self._ear is not None and (frames := self._ear.receive()) is not None:
            delivery = decode(frames)
            message, when = delivery.message, delivery.sent - since
            if isinstance(message, Signals):
                self.said[message.bar, message.revision] = when, message.status.value, message.reason.value

    def until_before(self, bar: int, left_ms: int) -> None:
        """Up to so long before a section is due."""
        while bar - 1 not in self.due:
            self.round()
        due = self.due[bar - 1] + PACE_MS * MS
        while self.cluster.clock.monotonic_ns() < due - left_ms * MS:
            self.round()


@contextmanager
def watched(folder: Path, load_ms: int) -> Iterator[Watched]:
    """A section a second; every child loads for so long."""

    def open_seat(post: Post, context: Context, dying: Dying) -> FormulaSeat:
        return SlowStart(post, context, dying, load_ms)

    config = toy_config(folder, toy_registry(folder / "registry"), **TABLES)
    it = Watched(Cluster(config, market(LIVE), open_seat=open_seat))
    it.hear()
    try:
        yield it
        while not it.cluster.ended:
            it.round()
    finally:
        it.cluster.close()
    assert {bar for bar, revision in it.said if not revision} == set(range(HISTORY + 1, HISTORY + LIVE + 1))


@pytest.mark.parametrize("left_ms", [10, 100, 300, 700, 990])
@pytest.mark.parametrize("load_ms", [0, 200, 400, 800, 1200])
def test_nothing_is_fresh_after_its_deadline(tmp_path: Path, left_ms: int, load_ms: int) -> None:
    """Whenever the worker was killed, and however long its child loads: held at the deadline, then late, or neither."""
    with watched(tmp_path, load_ms) as it:
        it.until_before(RESTARTED, left_ms)
        it.cluster.restart("inference_worker")
        it.hear()
    when, status, reason = it.said[RESTARTED, 0]
    waited_ms, ready_ms = (when - it.due[RESTARTED]) // MS, load_ms - left_ms
    if ready_ms < DEADLINE_MS - 2 * STEP_MS:
        assert (status, reason) == ("fresh", "")
    else:
        assert (status, reason) == ("held", "timeout")
        assert DEADLINE_MS <= waited_ms <= DEADLINE_MS + 2 * STEP_MS
    revision = it.said.get((RESTARTED, 1))
    if DEADLINE_MS < ready_ms < LATE_MS - 2 * STEP_MS:
        assert revision is not None
        assert revision[1:] == ("late", "")
    else:
        assert revision is None
    late = [key for key, (when, status, _) in it.said.items() if status == "fresh" and when > it.due[key[0]] + 60 * MS]
    assert late == []


def test_a_section_whose_bars_are_missing_is_held_in_time(tmp_path: Path) -> None:
    """Nothing closes it, since the feed's source is late: what the feed says is left is the measure."""
    with watched(tmp_path, 0) as it:
        it.until_before(RESTARTED, 300)
        due = it.due[RESTARTED - 1] + PACE_MS * MS
        it.cluster.restart("inference_worker")
        it.hear()
        for _ in range(10):
            it.round()
        wake = it.cluster.services["inference_worker"].wake_ns()
    assert wake == due + DEADLINE_MS * MS


@pytest.mark.parametrize("answers", [True, False])
def test_what_closed_meanwhile_is_held_though_nothing_follows(
    answers: bool,  # noqa: FBT001  a table of two
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No other section tells that the time of the last one has passed, and what the feed would say may be lost."""
    with watched(tmp_path, 0) as it:
        it.until_before(LAST, 100)
        it.cluster.services["inference_worker"].close()
        for _ in range(200 // STEP_MS):
            for name in SERVICES:
                if name != "inference_worker":
                    it.cluster.step(name)
            it.cluster.clock.advance(STEP_MS * MS)
        if not answers:
            monkeypatch.delattr(type(it.cluster.services["bar_feed"]), "answer")
        it.cluster.start("inference_worker")
        it.hear()
    assert it.said[LAST, 0][1:] == ("held", "gap")
    assert (LAST, 1) not in it.said
