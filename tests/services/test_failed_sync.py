"""A sync fails: the process dies of it, asks for no second one of that file, and comes back from what is on disk."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from common.errors import JournalError
from common.market.journal_mark import NAME
from common.market.journal_sync import Sync
from tests.services.cluster import Cluster, said, toy_config
from tests.services.markets import toy_market

MARKET = toy_market(3, live=14)
LOUD = (JournalError, OSError)
PARTS = {Sync.ALWAYS: 4, Sync.BEHIND: 4, Sync.INTERVAL: 1}
"""Tests by which the syncs of a policy are shown, every fourth in each: none lasts long."""


@dataclass
class Disk:
    """Refuses one sync: the `fails`th from now on; none where that is 0."""

    fails: int = 0
    asked: int = 0
    closing: bool = False
    left_open: bool = False
    """The one that failed was of the word that all was closed: the file then says what a dead writer leaves."""

    def fdatasync(self, file: int) -> None:
        """As the kernel does once a page could not be written: an error, and never again for that page."""
        self.asked += 1
        if self.asked == self.fails:
            self.left_open = self.closing and Path(f"/proc/self/fd/{file}").readlink().name == NAME
            raise OSError(errno.EIO, "Input/output error")
        REALLY(file)


REALLY = os.fdatasync


class Supervised(Cluster):
    """Whoever dies of the disk is started again, as its supervisor does it."""

    def start(self, name: str) -> None:
        """A start that fails is a death, too; the next one finds a disk that syncs."""
        try:
            super().start(name)
        except LOUD as error:
            self.mourn(error)
            for channel in self._channels[name].opened:  # the system closes what a dead process had open
                channel.close()
            super().start(name)

    def step(self, name: str) -> None:
        """One turn; whoever raises is started again from its files."""
        try:
            super().step(name)
        except LOUD as error:
            self.mourn(error)
            self.restart(name)

    def close(self) -> None:
        """The end of all; one that cannot sync its last words says so, and the others end as ever."""
        for service in self.services.values():
            try:
                service.close()
            except LOUD as error:
                self.mourn(error)

    def mourn(self, error: Exception) -> None:
        """Keep the words a process died with; the error itself would keep its files open."""
        self.died_of = [*getattr(self, "died_of", []), str(error)]


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    """A disk that syncs."""
    found = Disk()
    monkeypatch.setattr(os, "fdatasync", found.fdatasync)
    return found


@dataclass(frozen=True, slots=True)
class Lived:
    """What is on record after a run, what processes died of, and how many syncs there were in all."""

    record: list[Any]
    died_of: list[str]
    syncs: int
    is_fatal: bool
    """Whether one of them failed that somebody has to die of."""


def lived(folder: Path, registry: Path, disk: Disk, policy: str, fails: int = 0) -> Lived:
    """One run to its end."""
    disk.fails, disk.asked, disk.closing, disk.left_open = fails, 0, False, False
    cluster = Supervised(toy_config(folder, registry, feed={"sync": policy}), MARKET)
    cluster.run()
    disk.closing = True
    cluster.close()
    syncs, disk.fails = disk.asked, 0
    record = [said(signals) for signals in cluster.record()]
    return Lived(record, getattr(cluster, "died_of", []), syncs, 0 < fails <= syncs and not disk.left_open)


def test_every_policy_that_syncs_is_shown() -> None:
    """All but the one that leaves it to the kernel."""
    assert set(PARTS) == set(Sync) - {Sync.NEVER}


@pytest.mark.parametrize(("policy", "part"), [(policy, part) for policy in PARTS for part in range(PARTS[policy])])
def test_each_sync_fails_in_turn(tmp_path: Path, registry: Path, disk: Disk, policy: Sync, part: int) -> None:
    """From the first start to the last close: one death each, in the disk's words, and the record to the bit."""
    calm = lived(tmp_path / "calm", registry, disk, policy.value)
    assert calm.died_of == []
    deaths = 0
    for turn in range(1 + part, calm.syncs + 1, PARTS[policy]):
        now = lived(tmp_path / str(turn), registry, disk, policy.value, turn)
        # Under `interval` the machine's own clock decides how many there are.
        assert len(now.died_of) == now.is_fatal, turn
        assert all("Input/output error" in words for words in now.died_of)
        assert now.record == calm.record, turn
        deaths += len(now.died_of)
    assert deaths
