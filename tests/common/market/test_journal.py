"""The journal: what was appended comes back, in order, linked, and bounded by what was promised to be on disk."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import JournalError
from common.market.journal import Journal, Sync
from common.market.journal_records import GENESIS, MAX_PAYLOAD, Record, link
from tests.common.market.journals import GOLDEN, SMALL, Disk, failure, fill, here

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

PLAIN = f"{0:020d}.journal"


def test_records_come_back(tmp_path: Path) -> None:
    """In order, with the chain over all of them, now and after opening again."""
    chain = GENESIS
    for record in SMALL:
        chain = link(chain, record)
    with fill(tmp_path, SMALL) as journal:
        assert list(journal.read()) == SMALL
        assert (journal.first_bar, journal.last_bar, journal.chain, journal.cut) == (7, 8, chain, None)
    with Journal.open(tmp_path, look=here) as again:
        assert list(again.read()) == SMALL
        assert (again.first_bar, again.last_bar, again.chain, again.cut) == (7, 8, chain, None)
        assert again.id == bytes(range(16))


def test_an_empty_journal_keeps_its_id(tmp_path: Path) -> None:
    """The id is on disk before the first record."""
    with Journal.open(tmp_path / "new") as journal:
        assert (journal.first_bar, journal.last_bar, list(journal.read())) == (None, None, [])
        assert len(journal.id) == 16
    with Journal.open(tmp_path / "new") as again:
        assert again.id == journal.id


def test_the_bytes_never_change(tmp_path: Path) -> None:
    """A journal of format 1 is this, for ever."""
    fill(tmp_path, SMALL[:2]).close()
    assert (tmp_path / f"{0:020d}.journal").read_bytes().hex() == GOLDEN


def test_reading_from_a_bar(tmp_path: Path) -> None:
    """Every record of the bar and of later ones, over any number of segments."""
    records = [Record(kind, bar, b"x" * bar) for bar in (0, 1, 4, 5, 9) for kind in (1, 2)]
    with fill(tmp_path, records, segment_bytes=100) as journal:
        for first in range(11):
            assert list(journal.read(first)) == [record for record in records if record.bar >= first]


def test_a_reader_sees_what_stood_when_it_began(tmp_path: Path) -> None:
    """Records appended later are for the next read; the writer is not disturbed."""
    with fill(tmp_path, SMALL, segment_bytes=1) as journal:
        reader = journal.read()
        seen = [next(reader)]
        journal.append(4, 9, b"later")
        seen.extend(reader)
        assert seen == SMALL
        assert list(journal.read(9)) == [Record(4, 9, b"later")]


def test_records_of_a_bar_are_written_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one write and one sync; a landmark that begins the segment goes with them. They read as if one by one."""
    single = fill(tmp_path / "single", SMALL, 1, landmark=1)
    writes, whole, disk = list[int](), os.writev, Disk(monkeypatch)

    def counted(file: int, parts: list[bytes]) -> int:
        writes.append(len(parts))
        return whole(file, parts)

    monkeypatch.setattr(os, "writev", counted)
    with fill(tmp_path / "together", [], 1, sync="always", landmark=1) as journal:
        journal.extend(SMALL[:2])
        journal.extend(SMALL[2:])
        assert (writes, disk.segments_synced) == ([6, 6], 2)
        assert list(journal.read()) == list(single.read()) == [*SMALL[:2], Record(1, 8, b"due"), SMALL[2]]
        assert (journal.chain, journal.first_bar, journal.last_bar) == (single.chain, 7, 8)
    single.close()
    with Journal.open(tmp_path / "together", look=here) as again:
        assert again.chain == single.chain


@pytest.mark.parametrize("bars", [(), (7, 8), (9, 8)])
def test_only_records_of_one_bar_are(tmp_path: Path, bars: tuple[int, ...]) -> None:
    """A segment ends between bars, and a policy counts by them."""
    with fill(tmp_path, SMALL[:2]) as journal:
        with pytest.raises(JournalError, match=r"records of bars \[.*\] were to be written together"):
            journal.extend([Record(1, bar, b"") for bar in bars])
        assert list(journal.read()) == SMALL[:2]


def test_segments_are_named_by_their_first_bar(tmp_path: Path) -> None:
    """A segment ends between bars, once it is full."""
    records = [Record(1, bar, b"x" * 60) for bar in (3, 3, 3, 4, 5, 5)]
    fill(tmp_path, records, segment_bytes=150).close()
    assert sorted(path.name for path in tmp_path.glob("*.journal")) == [f"{bar:020d}.journal" for bar in (0, 4, 5)]


@pytest.mark.parametrize(
    ("kind", "bar", "payload", "words"),
    [
        (1, 7, b"", "bars never decrease"),
        (-1, 8, b"", "beyond the journal's format"),
        (256, 8, b"", "beyond the journal's format"),
        (1, 1 << 64, b"", "beyond the journal's format"),
        (1, 8, bytes(MAX_PAYLOAD + 1), "beyond the journal's format"),
    ],
    ids=["earlier bar", "negative kind", "large kind", "large bar", "large payload"],
)
def test_impossible_records_are_refused(tmp_path: Path, kind: int, bar: int, payload: bytes, words: str) -> None:
    """Nothing is written, and the journal goes on."""
    with fill(tmp_path, SMALL) as journal:
        with pytest.raises(JournalError, match=words):
            journal.append(kind, bar, payload)
        journal.append(1, 8, b"fine")
        assert list(journal.read()) == [*SMALL, Record(1, 8, b"fine")]


def test_the_largest_numbers_fit(tmp_path: Path) -> None:
    """Kind and bar reach the ends of their ranges."""
    with fill(tmp_path, [Record(0, 0, b""), Record(255, (1 << 64) - 1, b"")]) as journal:
        assert journal.last_bar == (1 << 64) - 1
    with Journal.open(tmp_path) as again:
        assert again.last_bar == (1 << 64) - 1


steps = st.lists(
    st.one_of(
        st.just("reopen"),
        st.tuples(st.integers(0, 255), st.integers(0, 3), st.binary(max_size=40)),
    ),
    max_size=25,
)


@settings(deadline=None)  # it opens files, and a busy disk is no failure
@given(steps, st.sampled_from([1, 150, 1 << 20]), st.integers(0, 30))
def test_it_agrees_with_a_list(
    tmp_path_factory: pytest.TempPathFactory, history: list[object], segment_bytes: int, first: int
) -> None:
    """Whatever is appended, however it is cut into segments and reopened, reads as a list would."""
    folder = tmp_path_factory.mktemp("journal")
    records: list[Record] = []
    chain, bar = GENESIS, 0
    journal = fill(folder, [], segment_bytes)
    for step in history:
        if isinstance(step, tuple):
            kind, ahead, payload = step
            bar += ahead
            records.append(Record(kind, bar, payload))
            chain = link(chain, records[-1])
            journal.append(kind, bar, payload)
        else:
            journal.close()
            journal = fill(folder, [], segment_bytes)
    assert list(journal.read(first)) == [record for record in records if record.bar >= first]
    assert (journal.chain, journal.id) == (chain, bytes(range(16)))
    journal.close()


# Per policy: segments synced after opening, after each of four appends at 0.0, 0.5, 1.0 and 1.2 seconds, after settling
# at 3.0, and after closing; and the durable bar at each of these moments but the last.
SYNCS: dict[Sync, tuple[list[int], list[int | None]]] = {
    Sync.ALWAYS: ([0, 1, 2, 3, 4, 4, 4], [None, 0, 1, 2, 3, 3]),
    Sync.BEHIND: ([0, 0, 1, 2, 3, 4, 4], [None, None, 0, 1, 2, 3]),
    Sync.INTERVAL: ([0, 0, 0, 1, 1, 2, 2], [None, None, None, 2, 2, 3]),
    Sync.NEVER: ([0, 0, 0, 0, 0, 0, 0], [None, None, None, None, None, None]),
}


def test_every_policy_is_covered() -> None:
    """A new policy needs its row here."""
    assert set(SYNCS) == set(Sync)


@pytest.mark.parametrize("policy", SYNCS)
def test_policies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Sync) -> None:
    """When a record is forced to disk, and which bar is known to be there."""
    now = 0.0
    journal = Journal.open(tmp_path, sync=policy.value, interval_s=1.0, monotonic=lambda: now)
    disk = Disk(monkeypatch)
    syncs, durable = [disk.segments_synced], [journal.durable_bar]
    for bar, now in enumerate((0.0, 0.5, 1.0, 1.2)):  # noqa: B007  the clock reads it
        journal.append(1, bar, b"x")
        syncs.append(disk.segments_synced)
        durable.append(journal.durable_bar)
    now = 3.0
    journal.settle()
    syncs.append(disk.segments_synced)
    durable.append(journal.durable_bar)
    journal.close()
    assert ([*syncs, disk.segments_synced], durable) == SYNCS[policy]


def test_a_bar_is_durable_when_all_of_it_is(tmp_path: Path) -> None:
    """Neither before its last record is, nor when an earlier one is not."""
    with Journal.open(tmp_path, sync="interval", interval_s=1e9) as journal:
        seen = [journal.durable_bar]
        for kind, bar in ((1, 4), (2, 4), (1, 6)):
            journal.append(kind, bar, b"")
            seen.append(journal.durable_bar)
            journal.sync()
            seen.append(journal.durable_bar)
        journal.append(2, 6, b"")
        seen.append(journal.durable_bar)
    assert seen == [None, None, 4, None, 4, 5, 6, 5]


def test_what_is_found_at_opening_is_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a writer that died, a sync may have failed: its records are in memory, and no sync would write them."""
    fill(tmp_path, SMALL)
    written: list[bytes] = []
    whole = os.pwrite

    def watched(file: int, data: bytes, at: int) -> int:
        written.append(bytes(data))
        return whole(file, data, at)

    monkeypatch.setattr(os, "pwrite", watched)
    disk = Disk(monkeypatch)
    journal = Journal.open(tmp_path, look=here)
    assert (disk.segments_synced, journal.durable_bar) == (1, 8)
    assert written[0] == (tmp_path / PLAIN).read_bytes()
    journal.close()
    written.clear()
    Journal.open(tmp_path, look=here).close()
    assert (tmp_path / PLAIN).read_bytes() not in written


def test_a_failed_sync_is_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal takes nothing more, since a second sync would hide the loss; opening again goes on."""
    journal, disk = Journal.open(tmp_path, sync="always"), Disk(monkeypatch)
    disk.fault = failure(errno.EIO)
    with pytest.raises(JournalError, match=r"syncing .* restart to recover"):
        journal.append(1, 1, b"x")
    disk.fault = lambda: None
    with pytest.raises(JournalError, match="takes no records: a sync failed"):
        journal.append(1, 2, b"y")
    with pytest.raises(JournalError, match="takes no records: a sync failed"):
        journal.sync()
    assert journal.durable_bar is None
    journal.close()


@pytest.mark.parametrize("written", [None, 10], ids=["nothing fits", "a part fits"])
def test_a_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: int | None) -> None:
    """A record that does not fit is taken back whole, and the next one can be written when there is space."""
    journal = fill(tmp_path, SMALL)
    whole = os.writev

    def full(descriptor: int, parts: list[bytes]) -> int:
        if written is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        return os.write(descriptor, b"".join(parts)[:written])

    monkeypatch.setattr(os, "writev", full)
    chain = journal.chain
    with pytest.raises(JournalError, match="nothing was recorded"):
        journal.append(1, 9, b"x" * 100)
    with pytest.raises(JournalError, match="nothing was recorded"):
        journal.extend([Record(1, 9, b""), Record(2, 9, b"x" * 100)])
    assert (journal.chain, journal.last_bar, list(journal.read())) == (chain, 8, SMALL)
    monkeypatch.setattr(os, "writev", whole)
    journal.append(1, 9, b"now")
    journal.close()
    with Journal.open(tmp_path) as again:
        assert list(again.read()) == [*SMALL, Record(1, 9, b"now")]
        assert again.cut is None


def test_a_record_that_cannot_be_taken_back_is_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a record stays only for the next opening to cut; nothing is written behind it."""
    journal = fill(tmp_path, SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(os, "writev", lambda descriptor, parts: os.write(descriptor, b"".join(parts)[:10]))
        patch.setattr(os, "ftruncate", lambda *_: failure(errno.EIO)())
        with pytest.raises(JournalError, match="10 of"):
            journal.append(1, 9, b"x")
    with pytest.raises(JournalError, match="restart to recover"):
        journal.append(1, 9, b"x")
    journal.close()
    with Journal.open(tmp_path) as again:
        assert list(again.read()) == SMALL
        assert again.cut is not None


def test_a_failed_roll_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a new segment cannot be made, the record is refused and may be tried again."""
    journal = fill(tmp_path, SMALL, segment_bytes=1)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", lambda *_: failure(errno.ENOSPC)())
        with pytest.raises(JournalError, match="new segment"):
            journal.append(1, 9, b"x")
    journal.append(1, 9, b"x")
    assert list(journal.read()) == [*SMALL, Record(1, 9, b"x")]
    journal.close()


def test_a_closed_journal_takes_nothing(tmp_path: Path) -> None:
    """Closing twice is harmless; appending afterwards is an error."""
    journal = fill(tmp_path, SMALL)
    journal.close()
    journal.close()
    with pytest.raises(JournalError, match="it is closed"):
        journal.append(1, 9, b"x")


def test_damage_under_an_open_journal_is_found_on_reading(tmp_path: Path) -> None:
    """Reading verifies: a segment shortened or altered since it was opened is named."""
    with fill(tmp_path, SMALL) as journal:
        path = tmp_path / PLAIN
        content = path.read_bytes()
        for damaged in (content[:-1], content[:-60], content[:-1] + b"\x00", content[:80] + b"!" + content[81:]):
            path.write_bytes(damaged)
            with pytest.raises(JournalError, match="corrupt at byte"):
                list(journal.read())
        path.unlink()
        with pytest.raises(JournalError, match="cannot be read"):
            list(journal.read())


def test_a_segment_exchanged_under_an_open_journal_is_found(tmp_path: Path) -> None:
    """A segment that is whole, but of another history, breaks the chain to the next."""
    fill(tmp_path / "other", [Record(9, record.bar, b"other") for record in SMALL], segment_bytes=1).close()
    with fill(tmp_path / "mine", SMALL, segment_bytes=1) as journal:
        first = min((tmp_path / "mine").glob("*.journal"))
        first.write_bytes((tmp_path / "other" / first.name).read_bytes())
        with pytest.raises(JournalError, match="corrupt at byte 0"):
            list(journal.read())
