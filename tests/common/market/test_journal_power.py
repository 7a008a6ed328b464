"""A power cut: what each policy may lose, and that no number is ever issued twice under one id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from errno import EIO
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from common.errors import JournalError
from common.market.journal import Journal, Sync, new_id
from common.market.journal_mark import NAME
from common.market.journal_records import HEADER_BYTES, Record, records_from, unpack_header
from common.market.journal_truncation import truncate
from tests.common.market.journals import ID, Disk, after_a_power_cut, failure, fill, here, photographed

BARS = 6
SECOND = 1.0  # from bar to bar; the interval of `interval` is two of them

# Bars that may be lost, of those that were passed on: at most. None: all.
WINDOWS: Mapping[Sync, int | None] = {Sync.ALWAYS: 0, Sync.BEHIND: 1, Sync.INTERVAL: 2, Sync.NEVER: None}
PLAIN = f"{0:020d}.journal"


def records(bar: int) -> list[Record]:
    """What is written of one bar: a small record and a larger one."""
    return [Record(1, bar, b"closed"), Record(3, bar, bytes([bar]) * 100)]


def opened(folder: Path, sync: Sync, segment_bytes: int) -> Journal:
    """The journal after the power came back."""
    return Journal.open(folder, sync=sync, segment_bytes=segment_bytes, look=after_a_power_cut)


def test_every_policy_states_its_window() -> None:
    """A new policy needs its row here."""
    assert set(WINDOWS) == set(Sync)


@pytest.mark.parametrize("segment_bytes", [1 << 20, 300], ids=["one segment", "several"])
@pytest.mark.parametrize("policy", Sync)
def test_no_more_is_lost_than_is_stated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Sync, segment_bytes: int
) -> None:
    """Cut after every bar: what is left is a beginning, as long as promised, and a number comes again only anew."""
    disk, now = Disk(monkeypatch), 0.0
    journal = fill(
        tmp_path / "disk", [], segment_bytes, sync=policy, interval_s=2 * SECOND, monotonic=lambda: now,
    )  # fmt: skip
    written: list[Record] = []
    for bar in range(1, BARS + 1):
        now += SECOND
        for record in records(bar):
            journal.append(record.kind, record.bar, record.payload)
        written += records(bar)
        with opened(disk.survive(tmp_path / "disk", tmp_path / f"{bar}"), policy, segment_bytes) as again:
            left = list(again.read())
            assert left == written[: len(left)]
            whole = len(left) // 2
            window = WINDOWS[policy]
            assert window is None or bar - whole <= window
            assert (again.id == ID) is (policy is Sync.ALWAYS)
            assert len(left) == len(written) or policy is not Sync.ALWAYS
    journal.close()


@pytest.mark.parametrize("policy", [Sync.INTERVAL, Sync.NEVER])
def test_a_cut_exactly_between_two_records_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Sync
) -> None:
    """Any part of what was not synced may be there: whether or not a torn record tells, the id is another."""
    disk = Disk(monkeypatch)
    journal = fill(tmp_path / "disk", [], sync=policy, interval_s=1e9)
    for record in records(1) + records(2):
        journal.append(record.kind, record.bar, record.payload)
    data = memoryview((tmp_path / "disk" / PLAIN).read_bytes())
    header = unpack_header(data)
    assert header is not None
    ends = {HEADER_BYTES, *(found.end for found in records_from(data, HEADER_BYTES, header.chain))}
    torn = 0
    for lucky in range(len(data) - HEADER_BYTES + 1):
        left = disk.survive(tmp_path / "disk", tmp_path / f"{lucky}", unsynced=lucky)
        with opened(left, Sync.NEVER, 1 << 20) as again:
            torn += again.cut is not None
            assert again.id != ID
            kept = list(again.read())
            assert kept == (records(1) + records(2))[: len(kept)]
    assert torn == len(data) - HEADER_BYTES + 1 - len(ends)
    journal.close()


@pytest.mark.parametrize("policy", Sync)
def test_a_journal_that_was_closed_keeps_its_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Sync) -> None:
    """Over a power cut as well, if everything is there; under `never` it may not be, and then it is seen."""
    disk = Disk(monkeypatch)
    fill(tmp_path / "disk", records(1), sync=policy).close()
    with opened(disk.survive(tmp_path / "disk", tmp_path / "left"), policy, 1 << 20) as again:
        assert (list(again.read()), again.id == ID) == (
            ([], False) if policy is Sync.NEVER else (records(1), True)
        )  # fmt: skip


def test_what_is_called_durable_survives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whenever it is asked, under every policy."""
    disk = Disk(monkeypatch)
    for policy in Sync:
        journal = fill(tmp_path / policy, [], sync=policy, interval_s=0.0)
        for bar in range(1, BARS):
            for record in records(bar):
                journal.append(record.kind, record.bar, record.payload)
            durable = journal.durable_bar or 0
            with opened(disk.survive(tmp_path / policy, tmp_path / f"{policy}{bar}"), policy, 1 << 20) as again:
                assert len(list(again.read())) >= 2 * durable
        journal.close()


def write_all(journal: Journal) -> None:
    """Each bar, and then say that it is passed on."""
    for bar in range(1, BARS + 1):
        journal.extend(records(bar))
        journal.settle()


def fails_at(number: int) -> Callable[[], object]:
    """The fault of a disk whose sync of this number, from 0, fails; those after it would not."""
    calls, fail = count(), failure(EIO)
    return lambda: fail() if next(calls) == number else None


@pytest.mark.parametrize("number", range(BARS))
@pytest.mark.parametrize("policy", [policy for policy in Sync if policy is not Sync.NEVER])
def test_no_failed_sync_makes_anything_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Sync, number: int
) -> None:
    """Whichever fails: the journal takes no more and syncs no more, and a power cut leaves what it called durable."""
    disk, folder = Disk(monkeypatch), tmp_path / "disk"
    journal = fill(folder, [], sync=policy, interval_s=0.0)
    disk.fault, before = fails_at(number), disk.segments_synced
    with pytest.raises(JournalError, match="restart to recover"):
        write_all(journal)
    for call in (partial(journal.extend, records(BARS)), journal.sync):
        with pytest.raises(JournalError, match="takes no records: a sync failed"):
            call()
    journal.close()
    assert (journal.durable_bar or 0, disk.segments_synced - before) == (number, number + 1)
    with opened(disk.survive(folder, tmp_path / "left"), policy, 1 << 20) as again:
        assert list(again.read()) == [record for bar in range(1, number + 1) for record in records(bar)]


def test_what_was_never_written_is_never_an_issue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that lost all its records is not taken for a new one."""
    disk = Disk(monkeypatch)
    journal = fill(tmp_path / "disk", records(1))
    with opened(disk.survive(tmp_path / "disk", tmp_path / "left"), Sync.NEVER, 1 << 20) as again:
        assert (list(again.read()), again.id == ID) == ([], False)
        assert again.renewed == "the machine stopped before it was closed"
    journal.close()


@pytest.mark.parametrize("segment_bytes", [1 << 20, 1], ids=["one segment", "several"])
def test_at_any_step_of_truncating(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, segment_bytes: int) -> None:
    """All of the old or all of the new, whose numbers nobody has seen; also of a journal that nobody ever synced."""
    disk, folder, written = Disk(monkeypatch), tmp_path / "disk", records(1) + records(2) + records(3)
    fill(folder, written, segment_bytes, sync=Sync.NEVER).close()
    disk.adopt(folder)
    with photographed(folder, tmp_path / "album", disk) as shots:
        truncate(folder, 2, make_id=new_id, look=after_a_power_cut, sound=True)
    outcomes = []
    for shot in shots:
        with opened(shot, Sync.NEVER, 1 << 20) as again:
            outcomes.append(again.id != ID)
            assert list(again.read()) == (written[:4] if outcomes[-1] else written)
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {False, True}


def test_at_any_step_of_coming_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power fails again while a torn journal is opened: what was on disk stays, under another id."""
    disk, folder = Disk(monkeypatch), tmp_path / "disk"
    journal = fill(folder, records(1) + records(2), 150, sync=Sync.NEVER)
    journal.sync()
    journal.append(1, 2, b"unsynced" * 10)
    left = disk.survive(folder, tmp_path / "left", unsynced=30)
    disk.adopt(left)
    with photographed(left, tmp_path / "album", disk) as shots:
        opened(left, Sync.INTERVAL, 150).close()
    assert len(shots) > 5
    for shot in shots:
        with opened(shot, Sync.INTERVAL, 150) as again:
            assert again.id != ID
            assert list(again.read()) == records(1) + records(2)
    journal.close()


@pytest.mark.parametrize("way", ["truncated", "doubted"])
def test_what_another_id_follows_is_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    """Also of a journal that nobody ever synced: else a power cut would leave a hole before the new segment."""
    disk, folder = Disk(monkeypatch), tmp_path / "disk"
    more = records(3) if way == "truncated" else []
    fill(folder, records(1) + records(2) + more, sync=Sync.NEVER).close()
    if way == "truncated":
        truncate(folder, 2, make_id=new_id, look=here, sound=True)
    else:
        (folder / NAME).unlink()
        fill(folder, [], sync=Sync.NEVER, make_id=new_id).close()
    with opened(disk.survive(folder, tmp_path / "left"), Sync.NEVER, 1 << 20) as again:
        assert list(again.read()) == records(1) + records(2)
        assert again.id != ID
