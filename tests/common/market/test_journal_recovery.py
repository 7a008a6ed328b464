"""Journals after a crash or a bad disk: an unfinished end is cut and reported, anything else is refused."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.errors import JournalError
from common.market.journal import Journal, Sync
from common.market.journal_records import HEADER_BYTES, Header, Record, pack_header, records_from, unpack_header
from tests.common.market.test_journal import SMALL, fill

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

ID = bytes(range(16))
OTHER = bytes(16)
LAYOUTS = ("one segment", "two segments", "after a cut")
PLAIN = f"{0:020d}.journal"


def make(folder: Path, layout: str) -> Path:
    """The same records in one segment, in two, or in two with a cut between them."""
    if layout == "after a cut":
        fill(folder, SMALL[:2]).close()
        with (folder / PLAIN).open("ab") as file:
            file.write(b"torn")
        with Journal.open(folder, make_id=lambda: OTHER) as journal:
            journal.append(SMALL[2].kind, SMALL[2].bar, SMALL[2].payload)
    else:
        fill(folder, SMALL, segment_bytes=1 if layout == "two segments" else 1 << 20).close()
    return folder


def outcome(folder: Path) -> Journal | None:
    """The journal as it opens; None when it is refused, and then nothing on disk has changed."""
    before = contents(folder)
    try:
        journal = Journal.open(folder, sync=Sync.NEVER)
    except JournalError:
        assert contents(folder) == before
        return None
    journal.close()
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
        assert journal.cut is not None, f"a flip at {segment.name}:{offset} went unseen"
        assert journal.id not in {ID, OTHER}
        kept = list(journal.read())
        assert kept == SMALL[: len(kept)]
        assert len(kept) == len(SMALL) - 1


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_truncation_is_refused_or_cut(tmp_path: Path, layout: str) -> None:
    """What remains is a beginning of what was written; only an end between two records looks like a shorter journal."""
    origin, scratch = make(tmp_path / "origin", layout), tmp_path / "scratch"
    last = max(origin.glob("*.journal"))
    for segment, offset in damaged_copies(origin, scratch, flips=False):
        journal = outcome(scratch)
        if journal is None:
            assert segment.name != last.name
            continue
        kept = list(journal.read())
        assert kept == SMALL[: len(kept)]
        whole = journal.cut is None
        assert whole is (offset in boundaries(last))
        assert (journal.id in {ID, OTHER}) is whole


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
    assert [path.name for path in tmp_path.iterdir()] == [PLAIN]


def test_a_lost_or_exchanged_segment_is_refused(tmp_path: Path) -> None:
    """Every segment says what it follows."""
    fill(tmp_path, [Record(1, bar, b"x") for bar in range(4)], segment_bytes=1).close()
    segments = sorted(tmp_path.iterdir())
    (tmp_path / "aside").mkdir()
    segments[2].rename(tmp_path / "aside" / segments[2].name)
    with pytest.raises(JournalError, match="does not follow"):
        Journal.open(tmp_path)


def test_the_oldest_segments_may_be_dropped(tmp_path: Path) -> None:
    """Retention takes whole segments from the front; the rest is a journal, and says where it begins."""
    fill(tmp_path, [Record(1, bar, b"x") for bar in range(4)], segment_bytes=1).close()
    for segment in sorted(tmp_path.iterdir())[:2]:
        segment.unlink()
    with Journal.open(tmp_path) as journal:
        assert (journal.first_bar, journal.last_bar, journal.id) == (2, 3, ID)


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
