"""Journals after a crash or a bad disk: an unfinished end is cut and reported, anything else is refused."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import JournalError
from common.market.journal import Journal, Sync
from common.market.journal_mark import NAME, look_around
from common.market.journal_records import HEADER_BYTES, Header, Record, pack_header, records_from, unpack_header
from common.market.journal_tail import Tail
from tests.common.market.journals import GOLDEN, ID, SMALL, failure, fill, here, photographed

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

OTHER = bytes(16)
ROOT = Path(__file__).parents[3]
LAYOUTS = ("one segment", "two segments", "after a cut")
PLAIN = f"{0:020d}.journal"


def make(folder: Path, layout: str) -> Path:
    """The same records in one segment, in two, or in two with a cut between them."""
    if layout == "after a cut":
        fill(folder, SMALL[:2]).close()
        with (folder / PLAIN).open("ab") as file:
            file.write(b"torn")
        with Journal.open(folder, make_id=lambda: OTHER, look=here) as journal:
            journal.append(SMALL[2].kind, SMALL[2].bar, SMALL[2].payload)
    else:
        fill(folder, SMALL, segment_bytes=1 if layout == "two segments" else 1 << 20).close()
    return folder


def outcome(folder: Path) -> Journal | None:
    """The journal as it opens, and again as it then stands; None when it is refused: then nothing has changed."""
    before = contents(folder)
    try:
        journal = Journal.open(folder, sync=Sync.NEVER, look=here)
    except JournalError:
        assert contents(folder) == before
        return None
    journal.close()
    with Journal.open(folder, sync=Sync.NEVER, look=here) as again:
        assert (again.id, again.chain, again.cut, again.renewed) == (journal.id, journal.chain, None, None)
        assert list(again.read()) == list(journal.read())
    return journal


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def damaged_copies(origin: Path, scratch: Path, *, flips: bool) -> Iterator[tuple[Path, int]]:
    """The journal in `scratch` with one bit flipped, or one segment cut short: the segment and the offset."""
    for segment in sorted(origin.glob("*.journal")):
        content = segment.read_bytes()
        for place in range(8 * len(content) if flips else len(content)):
            offset = place // 8 if flips else place
            bad = bytearray(content)
            if flips:
                bad[offset] ^= 1 << place % 8
            else:
                del bad[offset:]
            shutil.rmtree(scratch, ignore_errors=True)
            shutil.copytree(origin, scratch)
            (scratch / segment.name).write_bytes(bad)
            yield scratch / segment.name, offset


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_bit_flip_is_refused_or_cut(tmp_path: Path, layout: str) -> None:
    """Never silent: a flip in the last record is cut, with another id; any other is refused."""
    origin, scratch = make(tmp_path / "origin", layout), tmp_path / "scratch"
    for segment, offset in damaged_copies(origin, scratch, flips=True):
        journal = outcome(scratch)
        if journal is None:
            continue
        kept = list(journal.read())
        assert journal.id not in {ID, OTHER}, f"a flip at {segment.name}:{offset} went unseen"
        assert journal.cut is not None
        assert kept == SMALL[:-1]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_truncation_is_refused_or_cut(tmp_path: Path, layout: str) -> None:
    """What remains is a beginning of what was written, under another id, also when the cut is between two records."""
    origin, scratch = make(tmp_path / "origin", layout), tmp_path / "scratch"
    last = max(origin.glob("*.journal"))
    for segment, offset in damaged_copies(origin, scratch, flips=False):
        journal = outcome(scratch)
        if journal is None:
            assert segment.name != last.name
            continue
        kept = list(journal.read())
        assert kept == SMALL[: len(kept)]
        assert (journal.cut is None) is (offset in boundaries(last))
        assert journal.renewed is not None
        assert journal.id not in {ID, OTHER}


def boundaries(segment: Path) -> set[int]:
    """Where the header and the records of a good segment end."""
    data = memoryview(segment.read_bytes())
    header = unpack_header(data)
    assert header is not None
    return {HEADER_BYTES, *(found.end for found in records_from(data, HEADER_BYTES, header.chain))}


@pytest.mark.parametrize("rest", [b"", b"x", bytes(100)], ids=["nothing", "a byte", "zeros"])
def test_more_at_the_end_of_an_earlier_segment_is_refused(tmp_path: Path, rest: bytes) -> None:
    """Only the last segment can have an unfinished end."""
    make(tmp_path, "two segments")
    with (tmp_path / PLAIN).open("ab") as file:
        file.write(rest)
    assert (outcome(tmp_path) is None) is bool(rest)


def test_a_cut_is_saved_reported_and_recorded(tmp_path: Path) -> None:
    """The bytes are kept beside, the bar is named, and the new id and the chain go on from there."""
    fill(tmp_path, SMALL).close()
    whole = (tmp_path / PLAIN).read_bytes()
    (tmp_path / PLAIN).write_bytes(whole[:-5])
    journal = Journal.open(tmp_path)
    assert journal.cut is not None
    assert (journal.cut.bar, journal.cut.after_bar, journal.cut.segment) == (8, 7, tmp_path / PLAIN)
    assert (tmp_path / PLAIN).read_bytes() + journal.cut.saved.read_bytes() == whole[:-5]
    journal.append(5, 7, b"the torn bar again")
    journal.close()
    with Journal.open(tmp_path) as again:
        assert (again.id, again.chain, again.cut) == (journal.id, journal.chain, None)
        assert list(again.read()) == [*SMALL[:2], Record(5, 7, b"the torn bar again")]
        assert list(again.read(7)) == list(again.read())


def test_cuts_can_follow_each_other(tmp_path: Path) -> None:
    """Several crashes within one bar: each has its segment, in order, and an id of its own."""
    fill(tmp_path, SMALL[:1]).close()
    ids = set()
    for turn in range(3):
        newest = max(tmp_path.glob("*.journal"), key=lambda path: (len(path.name), path.name))
        with newest.open("ab") as file:
            file.write(b"torn")
        with Journal.open(tmp_path) as journal:
            journal.append(2, 7, bytes([turn]))
            ids.add(journal.id)
    assert len(ids) == 3
    assert [record.payload for record in journal.read()] == [b"due", b"\x00", b"\x01", b"\x02"]


def test_an_interrupted_cut_is_finished(tmp_path: Path) -> None:
    """A crash after the new segment was made and before the old one was shortened changes nothing in the end."""
    fill(tmp_path, SMALL).close()
    torn = (tmp_path / PLAIN).read_bytes()[:-5]
    (tmp_path / PLAIN).write_bytes(torn)
    first = Journal.open(tmp_path)
    first.close()
    (tmp_path / PLAIN).write_bytes(torn)
    with Journal.open(tmp_path) as again:
        assert (again.id, again.chain) == (first.id, first.chain)
        assert again.cut is not None
        assert list(again.read()) == SMALL[:2]
    with Journal.open(tmp_path) as third:
        assert (third.id, third.cut) == (first.id, None)


def test_a_bad_record_before_a_valid_one_is_named(tmp_path: Path) -> None:
    """The error names the segment, the offset and the bar, and nothing on disk is changed."""
    fill(tmp_path, SMALL).close()
    content = bytearray((tmp_path / PLAIN).read_bytes())
    content[HEADER_BYTES + 22] ^= 1
    (tmp_path / PLAIN).write_bytes(content)
    with pytest.raises(JournalError, match=rf"{PLAIN} is corrupt at byte {HEADER_BYTES} \(bar 7\)"):
        Journal.open(tmp_path)
    assert (tmp_path / PLAIN).read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == [PLAIN, NAME]


def test_a_lost_or_exchanged_segment_is_refused(tmp_path: Path) -> None:
    """Every segment says what it follows."""
    fill(tmp_path, [Record(1, bar, b"x") for bar in range(4)], segment_bytes=1).close()
    segments = sorted(tmp_path.glob("*.journal"))
    (tmp_path / "aside").mkdir()
    segments[2].rename(tmp_path / "aside" / segments[2].name)
    with pytest.raises(JournalError, match="does not follow"):
        Journal.open(tmp_path)


def test_the_oldest_segments_may_be_dropped(tmp_path: Path) -> None:
    """Retention takes whole segments from the front; the rest is a journal, and says where it begins."""
    fill(tmp_path, [Record(1, bar, b"x") for bar in range(4)], segment_bytes=1).close()
    for segment in sorted(tmp_path.glob("*.journal"))[:2]:
        segment.unlink()
    with Journal.open(tmp_path, look=here) as journal:
        assert (journal.first_bar, journal.last_bar, journal.id, journal.begins) == (2, 3, ID, 2)


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    """Not cut, not guessed at."""
    (tmp_path / PLAIN).write_bytes(pack_header(Header(ID, bytes(32), version=2)))
    with pytest.raises(JournalError, match="written in format 2"):
        Journal.open(tmp_path)


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    """What is not a segment by its name is no part of the journal."""
    for name in ("notes.txt", "1.journal", f".{PLAIN}.1.tmp"):
        (tmp_path / name).write_bytes(b"mine")
    fill(tmp_path, SMALL).close()
    assert (tmp_path / "1.journal").read_bytes() == b"mine"


def test_a_folder_that_cannot_be_used(tmp_path: Path) -> None:
    """A file in the way is an error of the journal that names it."""
    (tmp_path / "journal").write_bytes(b"")
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal.open(tmp_path / "journal")


@pytest.mark.parametrize("damage", ["gone", "empty", "torn", "flipped"])
def test_without_a_mark_the_numbers_are_doubted(tmp_path: Path, damage: str) -> None:
    """Nothing is lost, but nobody knows what was issued: another id, once."""
    fill(tmp_path, SMALL).close()
    mark = tmp_path / NAME
    content = mark.read_bytes()
    bad = {"empty": b"", "torn": content[:100], "flipped": b"\x00" + content[1:]}
    if damage == "gone":
        mark.unlink()
    else:
        mark.write_bytes(bad[damage])
    journal = outcome(tmp_path)
    assert journal is not None
    assert (journal.id == ID, journal.renewed) == (False, "no mark says how it was left")
    assert list(journal.read()) == SMALL


def test_a_journal_of_before_there_were_marks_can_be_read(tmp_path: Path) -> None:
    """Every byte of it; it goes on under another id."""
    (tmp_path / PLAIN).write_bytes(bytes.fromhex(GOLDEN))
    with Journal.open(tmp_path) as journal:
        assert list(journal.read()) == SMALL[:2]
        assert journal.id != ID
        journal.append(3, 8, b"on")


def test_a_copy_is_another_numbering(tmp_path: Path) -> None:
    """Two journals of one id would issue the same numbers for different sections."""
    fill(tmp_path / "first", SMALL, look=look_around).close()
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    ids = []
    for name in ("first", "second", "second"):
        with Journal.open(tmp_path / name) as journal:
            assert list(journal.read()) == SMALL
            ids.append(journal.id)
    assert ids[0] == ID
    assert ids[1] == ids[2] != ID


def test_a_killed_writer_keeps_its_numbers(tmp_path: Path) -> None:
    """The kernel has every byte that was written, under every policy."""
    for sync in Sync:
        fill(tmp_path / sync, SMALL, sync=sync)  # never closed
        with Journal.open(tmp_path / sync, look=here) as again:
            assert (again.id, again.renewed, list(again.read())) == (ID, None, SMALL)


@pytest.mark.parametrize("layout", ["one segment", "begun segment"])
def test_a_new_id_stays(tmp_path: Path, layout: str) -> None:
    """Also where the last segment was begun and has no record yet."""
    journal = fill(tmp_path, SMALL, segment_bytes=1 << 20 if layout == "one segment" else 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Tail, "write", lambda *_: failure(errno.ENOSPC)())
        with pytest.raises(OSError, match="No space"):
            journal.append(1, 9, b"x")
    journal.close()
    (tmp_path / NAME).unlink()
    ids = set()
    for _ in range(3):
        with Journal.open(tmp_path, look=here) as again:
            ids.add(again.id)
    assert (len(ids), ID in ids) == (1, False)


def test_a_kill_at_any_step_of_recovery_changes_nothing(tmp_path: Path) -> None:
    """Whatever was done of a cut, the next start finishes it: the same records, never the old id."""
    fill(tmp_path / "torn", SMALL, segment_bytes=1).close()
    last = max((tmp_path / "torn").glob("*.journal"))
    last.write_bytes(last.read_bytes()[:-5])
    with photographed(tmp_path / "torn", tmp_path / "album") as shots:
        Journal.open(tmp_path / "torn", look=here).close()
    assert len(shots) > 8
    for shot in shots:
        with Journal.open(shot, look=here) as journal:
            assert list(journal.read()) == SMALL[:2]
            assert journal.id != ID


def test_a_kill_at_any_step_of_writing_leaves_a_beginning(tmp_path: Path) -> None:
    """Appending, beginning a segment with its landmark, closing: a prefix of what was written, under the same id."""
    records = [Record(kind, bar, b"x" * bar) for bar in (1, 2, 3) for kind in (2, 5)]
    (tmp_path / "journal").mkdir()
    with photographed(tmp_path / "journal", tmp_path / "album") as shots:
        fill(tmp_path / "journal", records, segment_bytes=1, sync="always", landmark=2).close()
    lengths = set()
    for shot in shots:
        with fill(shot, []) as journal:
            kept = list(journal.read())
            lengths.add(len(kept))
            assert kept == records[: len(kept)]
            assert journal.cut is None
    assert lengths == set(range(len(records) + 1))


def test_a_kill_at_any_step_leaves_all_of_a_bar_or_nothing(tmp_path: Path) -> None:
    """Of what is written together; a record that is torn all the same is cut, and those before it stay."""
    written = [Record(kind, bar, b"x" * bar) for bar in (1, 2, 3) for kind in (2, 5)]
    (tmp_path / "journal").mkdir()
    with (
        photographed(tmp_path / "journal", tmp_path / "album") as shots,
        fill(tmp_path / "journal", [], segment_bytes=1, sync="always", landmark=2) as journal,
    ):
        for at in (0, 2, 4):
            journal.extend(written[at : at + 2])
    lengths = set()
    for shot in shots:
        with fill(shot, []) as again:
            kept = list(again.read())
            lengths.add(len(kept))
            assert kept == written[: len(kept)]
            assert again.cut is None
    assert lengths == {0, 2, 4, 6}


def test_a_second_writer_is_refused(tmp_path: Path) -> None:
    """Another process, whatever its run folder is; the error names who writes."""
    code = f"""
import pathlib
from common.errors import LockError
from common.market.journal import Journal
try:
    Journal.open(pathlib.Path({str(tmp_path)!r}))
except LockError as error:
    print(error)
"""
    command = [sys.executable, "-c", code]
    with Journal.open(tmp_path):
        held = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    free = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert held == f"{tmp_path} is held by pid {os.getpid()}: stop it first\n"
    assert free == ""


def test_ids_follow_each_other_where_nothing_is_left(tmp_path: Path) -> None:
    """A first segment that had to go leaves its name free; no later id may take it and come before."""
    fill(tmp_path, SMALL[:1]).close()
    (tmp_path / PLAIN).write_bytes((tmp_path / PLAIN).read_bytes()[: HEADER_BYTES + 1])
    ids = [ID]
    for _ in range(3):
        with Journal.open(tmp_path, look=here) as journal:
            assert journal.id not in ids
            ids.append(journal.id)
        (tmp_path / NAME).unlink()
    assert len(list(tmp_path.glob("*.journal"))) == 3
