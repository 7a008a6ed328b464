"""The journal under every mixture of writing, dying, power cuts, dropping and truncating, against a list."""

from __future__ import annotations

import os
import shutil
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from common.market.journal import Journal, Sync
from common.market.journal_mark import Witness
from common.market.journal_records import Record
from common.market.journal_retention import Retention
from common.market.journal_truncation import truncate
from tests.common.market.journals import Disk

LANDMARK = 2


class Machine(RuleBasedStateMachine):
    """Whatever happens: under one id nothing is ever lost, and under another it is a beginning of what was written."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.disk = Disk(self.patch)
        self.folders = (self.root / str(number) for number in count())
        self.folder, self.boot = next(self.folders), 0
        self.records: list[Record] = []
        self.bar, self.kept_from, self.abandoned = 1, 0, set[bytes]()
        self.journal: Journal | None = None

    def teardown(self) -> None:
        """Leave nothing."""
        if self.journal is not None:
            self.journal.close()
        self.patch.undo()
        shutil.rmtree(self.root)

    @initialize(policy=st.sampled_from(Sync), segment_bytes=st.sampled_from([1, 250, 1 << 20]))
    def begin(self, policy: Sync, segment_bytes: int) -> None:
        """A new journal."""
        self.options: dict[str, Any] = {"sync": policy, "segment_bytes": segment_bytes, "interval_s": 1e9}
        self.journal = self.opened()

    @rule(kind=st.sampled_from([1, LANDMARK, 3]), ahead=st.integers(0, 2), payload=st.binary(max_size=80))
    def append(self, kind: int, ahead: int, payload: bytes) -> None:
        """Write a record."""
        self.bar += ahead
        self.records.append(Record(kind, self.bar, payload))
        self.at.append(kind, self.bar, payload)

    @rule(payloads=st.lists(st.binary(max_size=80), min_size=1, max_size=3), ahead=st.integers(0, 2))
    def extend(self, payloads: list[bytes], ahead: int) -> None:
        """Write several of one bar."""
        self.bar += ahead
        written = [Record(kind, self.bar, payload) for kind, payload in enumerate(payloads, 1)]
        self.records += written
        self.at.extend(written)

    @rule()
    def settle(self) -> None:
        """They are passed on; under `behind` and `always` they are on disk."""
        self.at.settle()
        assert self.at.durable_bar == self.at.last_bar or self.options["sync"] in (Sync.INTERVAL, Sync.NEVER)

    @rule()
    def sync(self) -> None:
        """Everything is on disk."""
        self.at.sync()
        assert self.at.durable_bar == self.at.last_bar

    @rule()
    def stop(self) -> None:
        """In good order."""
        self.at.close()
        self.come_back(may_lose=False)

    @rule()
    def kill(self) -> None:
        """The writer dies; what it wrote is there."""
        self.die()
        self.come_back(may_lose=False)

    @rule(lucky=st.integers(0, 300))
    def cut_the_power(self, lucky: int) -> None:
        """The machine dies; of what was not synced some bytes may be there."""
        self.die()
        durable = self.at.durable_bar or 0
        safe = self.told([record for record in self.records if self.kept_from <= record.bar <= durable])
        target = next(self.folders)
        self.disk.survive(self.folder, target, unsynced=lucky)
        self.disk.adopt(target)
        self.folder, self.boot = target, self.boot + 1
        self.come_back(may_lose=True)
        assert self.told(list(self.at.read()))[: len(safe)] == safe

    @rule(back=st.integers(0, 5))
    def truncate(self, back: int) -> None:
        """Give up the end."""
        self.at.close()
        after = max(self.bar - back, self.kept_from)
        done = truncate(self.folder, after, make_id=lambda: os.urandom(16), look=self.look, sound=True)
        self.records = [record for record in self.records if record.bar <= after]
        assert done.changed is (done.id != self.at.id)
        if done.changed:
            self.abandoned.add(self.at.id)
        self.come_back(may_lose=False)

    @rule(back=st.integers(0, 5))
    def prune(self, back: int) -> None:
        """Drop what nobody needs."""
        needed = max(self.bar - back, 0)
        begins = self.at.begins
        self.at.prune(Retention(max_bytes=0), needed, 0.0)
        assert self.at.begins <= max(needed, begins)
        self.kept_from = max(self.kept_from, self.at.begins)

    @invariant()
    def it_reads_as_the_list(self) -> None:
        """From where it is kept; repeated landmarks apart."""
        if self.journal is not None:
            expected = [record for record in self.records if record.bar >= self.kept_from]
            assert self.told(list(self.at.read())) == self.told(expected)

    @property
    def at(self) -> Journal:
        """The open journal."""
        assert self.journal is not None
        return self.journal

    def look(self, _mark: Path) -> Witness:
        """The same file on a machine that is started again and again."""
        return Witness(str(self.boot), 1)

    def opened(self) -> Journal:
        """Open what is there."""
        return Journal.open(self.folder, landmark=LANDMARK, look=self.look, **self.options)

    def die(self) -> None:
        """Let go of everything, as the kernel does for a process that ends; nothing is written."""
        for held in (self.at._tail, self.at._marks):
            held.close()

    def come_back(self, *, may_lose: bool) -> None:
        """Open again: an id that stays means that all is there; one that was given up never comes again."""
        before = self.at.id
        self.journal = self.opened()
        kept = self.told(list(self.at.read()))
        had = self.told([record for record in self.records if record.bar >= self.kept_from])
        assert kept == had[: len(kept)]
        assert self.at.id not in self.abandoned
        if self.at.id != before:
            self.abandoned.add(before)
        if may_lose:
            assert kept == had or self.at.id != before
            self.records = list(self.at.read())
            self.bar = max(self.at.last_bar or 1, 1)
        else:
            assert kept == had
            assert self.at.id == before or before in self.abandoned

    def told(self, records: list[Record]) -> list[Record]:
        """Without landmarks: some are repeated."""
        return [record for record in records if record.kind != LANDMARK]


TestMachine = Machine.TestCase
TestMachine.settings = settings(deadline=None, max_examples=60, stateful_step_count=30)
