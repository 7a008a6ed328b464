"""The disk of the feed's journal or of the cache's record is full for a while: nothing is lost, and signals go on."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from alphabus.messages import Reason, Request, Status
from alphabus.status import waits_for_space
from common.errors import JournalError
from tests.services.cluster import MS, Cluster, said, toy_config
from tests.services.markets import toy_market

MARKET = toy_market(3, live=20)
DEADLINE: dict[str, Any] = {
    "feed": {"pace_s": 0.2}, "inference": {"policy": "deadline", "deadline_ms": 100, "late_until_ms": 150},
}  # fmt: skip
SLOW = {"feed": {"pace_s": 0.2}}
FULL_ROUNDS = 150  # of 20 ms: three seconds
JOURNAL, RECORD = "/journal/", "/signals/"


@dataclass
class Disk:
    """Takes nothing more for files of which the path has one of these parts; a part of what is written, at times."""

    full: tuple[str, ...] = ()
    refused: int = 0

    def writev(self, file: int, parts: Sequence[bytes]) -> int:
        """As the kernel does: an error, or fewer bytes than were to be written."""
        if not any(part in str(Path(f"/proc/self/fd/{file}").readlink()) for part in self.full):
            return REALLY(file, parts)
        self.refused += 1
        if self.refused % 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return os.write(file, b"".join(parts)[:7])


REALLY = os.writev


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk with space."""
    found = Disk()
    monkeypatch.setattr(os, "writev", found.writev)
    return found


def run(cluster: Cluster, disk: Disk, full: tuple[str, ...], at: int) -> None:
    """To the end; from bar `at` on the disk is full for three seconds."""
    while cluster.services["bar_feed"].bar < at:
        cluster.round(20 * MS)
    disk.full = full
    for _ in range(FULL_ROUNDS):
        cluster.round(20 * MS)
    disk.full = ()
    cluster.run()
    cluster.close()


def told_of(cluster: Cluster, service: str) -> list[str]:
    """What a service counted of its disk."""
    counts = cluster.services[service].counters.snapshot()
    return [f"{name} {count}" for name, count in sorted(counts.items()) if name.startswith("disk_")]


@pytest.mark.parametrize("at", range(3, 15, 2))
@pytest.mark.parametrize("full", [(JOURNAL,), (RECORD,), (JOURNAL, RECORD)], ids="+".join)
def test_the_record_is_that_of_a_disk_with_space(
    tmp_path: Path, registry: Path, disk: Disk, full: tuple[str, ...], at: int
) -> None:
    """Under `wait` to the bit; nobody dies, and who waits says so once and takes it back."""
    records = []
    for folder, missing in (("quiet", ()), ("full", full)):
        cluster = Cluster(toy_config(tmp_path / folder, registry, **SLOW), MARKET)
        run(cluster, disk, missing, at)
        records.append([said(signals) for signals in cluster.record()])
        assert cluster.refused == []
    assert disk.refused > 2
    assert records[0] == records[1]
    told = [what for service in ("bar_feed", "signal_cache") if (what := told_of(cluster, service))]
    assert told
    assert all(what == ["disk_full 1", "disk_has_room 1"] for what in told)


def test_nothing_is_published_that_is_not_on_record(tmp_path: Path, registry: Path, disk: Disk) -> None:
    """What was announced goes out as held at its deadline, then nobody hears of a bar that the journal has not."""
    cluster = Cluster(toy_config(tmp_path, registry, **DEADLINE), MARKET)
    feed, engine = cluster.services["bar_feed"], cluster.services["factor_engine"]
    while feed.bar < 8:
        cluster.round(20 * MS)
    disk.full = (JOURNAL,)
    for _ in range(FULL_ROUNDS):
        cluster.round(20 * MS)
        assert engine.bar <= feed.bar == 8
        assert feed.heartbeat().durable <= 8
    assert waits_for_space(feed.counters.snapshot())
    assert cluster.services["signal_cache"].bar == 9  # announced before
    disk.full = ()
    cluster.run()
    cluster.close()
    by_bar = {signals.bar: signals for signals in cluster.record() if not signals.revision}
    assert sorted(by_bar) == list(range(5, 25))
    assert (by_bar[9].status, by_bar[9].reason) == (Status.HELD, Reason.NO_BARS)


def test_signals_flow_while_the_record_waits(tmp_path: Path, registry: Path, disk: Disk) -> None:
    """The worker goes on by its deadlines; the cache answers from what it has, and catches up."""
    cluster = Cluster(toy_config(tmp_path, registry, **DEADLINE), MARKET)
    worker, cache = cluster.services["inference_worker"], cluster.services["signal_cache"]
    while cache.bar < 8:
        cluster.round(20 * MS)
    disk.full, known = (RECORD,), cache.bar
    for _ in range(60):
        cluster.round(20 * MS)
    assert worker.bar >= known + 4
    assert cache.bar == known
    assert cache.answer(Request(1, "latest", {"arm": "champion"})).frames
    disk.full = ()
    cluster.run()
    cluster.close()
    assert [signals.bar for signals in cluster.record() if not signals.revision] == list(range(5, 25))


@pytest.mark.parametrize("full", [JOURNAL, RECORD])
def test_it_halts_where_that_was_asked_for(tmp_path: Path, registry: Path, disk: Disk, full: str) -> None:
    """`feed.on_full` = "halt": the process ends with the disk's own words."""
    cluster = Cluster(toy_config(tmp_path, registry, feed={"pace_s": 0.2, "on_full": "halt"}), MARKET)
    while cluster.services["signal_cache"].bar < 8:
        cluster.round(20 * MS)
    disk.full = (full,)
    with pytest.raises(JournalError, match="nothing was recorded"):
        cluster.run(most=100)
    disk.full = ()
    cluster.close()
