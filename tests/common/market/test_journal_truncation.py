"""Taking off the end: what follows the bar goes beside, under another id, however often it is interrupted."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from common.errors import JournalError, NoRoomError
from common.market.journal import Journal, new_id
from common.market.journal_mark import NAME
from common.market.journal_records import CHAIN_BYTES, FRONT_BYTES, HEADER_BYTES, Header, Record, pack_header
from common.market.journal_truncation import Truncated, truncate
from tests.common.market.journals import ID, fill, here, photographed

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

RECORDS = [Record(kind, bar, bytes([bar]) * 20) for bar in (1, 2, 3, 4) for kind in (1, 2)]
LAYOUTS = {"one segment": 1 << 20, "many segments": 1, "two bars a segment": 200}


def made(folder: Path, segment_bytes: int) -> Path:
    """A closed journal of four bars."""
    fill(folder, RECORDS, segment_bytes).close()
    return folder


def cut_after(folder: Path, bar: int) -> Truncated:
    """Truncate as the command does."""
    return truncate(folder, bar, make_id=new_id, look=here, sound=True)


def cut_damage(folder: Path) -> Truncated:
    """Truncate where the first damage is, wherever that may be."""
    return truncate(folder, None, make_id=new_id, look=here)


def photograph(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file's bytes, and when it was written."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def damage(folder: Path, bar: int) -> Path:
    """Spoil the first record of a bar; returns its segment."""
    path = next(path for path in sorted(folder.glob("*.journal")) if bytes([bar]) * 20 in path.read_bytes())
    path.write_bytes(path.read_bytes().replace(bytes([bar]) * 20, bytes(20)))
    return path


def opened(folder: Path) -> tuple[list[Record], bytes]:
    """Records and id; the journal goes on, and comes back the same."""
    with Journal.open(folder, look=here) as journal:
        records, identity = list(journal.read()), journal.id
        assert (journal.cut, journal.renewed) == (None, None)
        journal.append(9, (journal.last_bar or 0) + 1, b"on")
    with Journal.open(folder, look=here) as again:
        assert ([record for record in again.read() if record.kind != 9], again.id) == (records, identity)
    return records, identity


@pytest.mark.parametrize("bar", range(6))
@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_follows_is_gone(tmp_path: Path, layout: str, bar: int) -> None:
    """Nothing before it is touched; the numbering is another one, unless nothing had to go."""
    done = cut_after(made(tmp_path, LAYOUTS[layout]), bar)
    left = [record for record in RECORDS if record.bar <= bar]
    records, identity = opened(tmp_path)
    assert records == left
    assert identity == done.id
    assert done.changed is (identity != ID) is (bar < 4)
    assert (done.last_bar, done.damage) == (min(bar, 4) or None, None)
    assert (done.bytes > 0) is (bar < 4)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_to_cut_changes_nothing(tmp_path: Path, layout: str) -> None:
    """Every file keeps its bytes and its time: consumers go on."""
    made(tmp_path, LAYOUTS[layout])
    before = photograph(tmp_path)
    assert cut_after(tmp_path, 5000) == cut_damage(tmp_path) == Truncated(ID, 4, 0, None, changed=False)
    assert photograph(tmp_path) == before
    assert truncate(tmp_path, 4, make_id=new_id, look=here) == Truncated(ID, 4, 0, None, changed=False)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_is_sound_is_not_taken_off_unasked(tmp_path: Path, layout: str) -> None:
    """It is refused before anything is written; an unfinished end, which the next start cuts, is no damage."""
    made(tmp_path, LAYOUTS[layout])
    newest = max(tmp_path.glob("*.journal"))
    for torn in (b"", b"JBRC"):
        newest.write_bytes(newest.read_bytes() + torn)
        before = photograph(tmp_path)
        with pytest.raises(JournalError, match=r"is sound up to bar 4: bars 3 to 4 would go.*Say --sound"):
            truncate(tmp_path, 2, make_id=new_id, look=here)
        assert photograph(tmp_path) == before


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nor_is_what_is_sound_before_a_damage(tmp_path: Path, layout: str) -> None:
    """Who mistypes a bar is told what would go; of a bar behind which all is damaged no more words are needed."""
    damage(made(tmp_path, LAYOUTS[layout]), 4)
    before = photograph(tmp_path)
    with pytest.raises(JournalError, match=r"sound up to bar 3: bars 2 to 3 would go.*--sound.*or --at-damage"):
        truncate(tmp_path, 1, make_id=new_id, look=here)
    assert photograph(tmp_path) == before
    assert truncate(tmp_path, 3, make_id=new_id, look=here).last_bar == 3


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("bar", [1, 2, 4])
def test_the_damage_is_found(tmp_path: Path, layout: str, bar: int) -> None:
    """All before it stays, also of the same bar; nobody needs to know where it is."""
    path = damage(made(tmp_path, LAYOUTS[layout]), bar)
    done = cut_damage(tmp_path)
    assert (done.last_bar, done.damage) == (bar - 1 or None, f"{path} is bad from byte {offset_of(path, bar)} on")
    assert opened(tmp_path) == ([record for record in RECORDS if record.bar < bar], done.id)
    assert not cut_damage(tmp_path).changed


@pytest.mark.parametrize("again", [2, None])
def test_an_interrupted_one_is_finished_unasked(tmp_path: Path, again: int | None) -> None:
    """What is left of it is sound, and was given up already."""
    made(tmp_path, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("common.market.journal_truncation.follow", lambda *_: refused(errno.ENOSPC))
        with pytest.raises(NoRoomError):
            cut_after(tmp_path, 2)
    done = truncate(tmp_path, again, make_id=new_id, look=here)
    assert (done.changed, done.last_bar) == (True, 2)
    assert opened(tmp_path) == ([record for record in RECORDS if record.bar <= 2], done.id)


def test_an_interrupted_one_is_finished_though_nothing_is_left_to_cut(tmp_path: Path) -> None:
    """Its last segments went already: numbers could come again under the old id."""
    made(tmp_path, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("common.market.journal_truncation.follow", lambda *_: refused(errno.ENOSPC))
        with pytest.raises(NoRoomError, match=r"No space left .*make space: it is half done, and the same call again"):
            cut_after(tmp_path, 2)
    done = cut_after(tmp_path, 2)
    assert (done.changed, done.bytes, done.last_bar) == (True, 0, 2)
    assert opened(tmp_path) == ([record for record in RECORDS if record.bar <= 2], done.id)
    assert done.id != ID


@pytest.mark.parametrize("step", ["save_rest", "shorten", "follow"])
@pytest.mark.parametrize(("code", "kind"), [(errno.ENOSPC, NoRoomError), (errno.EIO, JournalError)])
def test_what_the_system_refuses_is_one_line(tmp_path: Path, step: str, code: int, kind: type[JournalError]) -> None:
    """It says where and how far it came; the same call again finishes it."""
    made(tmp_path, 1 << 20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"common.market.journal_truncation.{step}", lambda *_: refused(code))
        with pytest.raises(JournalError, match=f"truncating the journal in {tmp_path} failed: .*half done") as caught:
            cut_after(tmp_path, 2)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    done = cut_after(tmp_path, 2)
    assert opened(tmp_path) == ([record for record in RECORDS if record.bar <= 2], done.id)


def refused(code: int) -> None:
    """What the system says."""
    raise OSError(code, os.strerror(code))


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """And that nothing was taken off."""
    made(tmp_path, 1 << 20)
    (tmp_path / NAME).unlink()
    (tmp_path / NAME).mkdir()
    with pytest.raises(JournalError, match=f"truncating the journal in {tmp_path} failed: .*nothing was taken off"):
        cut_after(tmp_path, 2)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_is_destroyed(tmp_path: Path, layout: str) -> None:
    """The bytes that went lie beside."""
    whole = b"".join(path.read_bytes() for path in sorted(made(tmp_path, LAYOUTS[layout]).glob("*.journal")))
    done = cut_after(tmp_path, 2)
    aside = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("*.cut")))
    assert whole.endswith(aside)
    assert len(aside) == done.bytes


def test_aside_is_aside(tmp_path: Path) -> None:
    """What an earlier truncation put there stays when another takes off a segment of the same name."""
    made(tmp_path, 1)
    contents = set()
    for turn in range(3):
        cut_after(tmp_path, 3)
        with Journal.open(tmp_path, look=here, segment_bytes=1) as journal:
            journal.append(1, 3, b"")
            journal.append(1, 4, bytes([turn]))
        contents |= {path.read_bytes() for path in tmp_path.glob("*.cut")}
        assert {path.read_bytes() for path in tmp_path.glob("*.cut")} == contents


@pytest.mark.parametrize("layout", LAYOUTS)
def test_damage_goes_as_well(tmp_path: Path, layout: str) -> None:
    """Of a journal that is refused everything before the damage can be had again."""
    made(tmp_path, LAYOUTS[layout])
    path = damage(tmp_path, 3)
    with pytest.raises(JournalError, match=f"is corrupt .*python -m scripts.journal truncate {tmp_path} --at-damage$"):
        Journal.open(tmp_path, look=here)
    done = cut_after(tmp_path, 4)
    assert (done.last_bar, done.damage) == (2, f"{path} is bad from byte {offset_of(path, 3)} on")
    assert opened(tmp_path) == ([record for record in RECORDS if record.bar <= 2], done.id)


def offset_of(path: Path, bar: int) -> int:
    """Where the records of a bar begin in a segment, by their size."""
    first = int(path.name[:20]) or 1
    return HEADER_BYTES + (bar - first) * 2 * (FRONT_BYTES + 20 + CHAIN_BYTES)


def test_a_lost_segment_is_damage(tmp_path: Path) -> None:
    """What does not follow goes; what was there before stays."""
    made(tmp_path, 1)
    sorted(tmp_path.glob("*.journal"))[2].unlink()
    with pytest.raises(JournalError, match=f"not follow .*python -m scripts.journal truncate {tmp_path} --at-damage$"):
        Journal.open(tmp_path, look=here)
    done = cut_after(tmp_path, 4)
    assert done.damage is not None
    assert "does not follow" in done.damage
    assert opened(tmp_path)[0] == [record for record in RECORDS if record.bar <= 2]


def test_what_a_newer_version_wrote_is_not_damage(tmp_path: Path) -> None:
    """It is refused, and nothing is touched."""
    made(tmp_path, 1 << 20)
    newer = tmp_path / f"{5:020d}.journal"
    newer.write_bytes(pack_header(Header(ID, bytes(32), version=2)))
    with pytest.raises(JournalError, match="format 2"):
        cut_after(tmp_path, 2)
    newer.unlink()
    assert opened(tmp_path) == (RECORDS, ID)


def test_a_folder_without_a_journal(tmp_path: Path) -> None:
    """Is named, and none is made."""
    with pytest.raises(JournalError, match="there is no journal in"):
        cut_after(tmp_path, 2)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_kill_at_any_step_leaves_the_old_or_the_new(tmp_path: Path, layout: str) -> None:
    """Whoever opens it next finishes what the mark says."""
    folder = made(tmp_path / "journal", LAYOUTS[layout])
    with photographed(folder, tmp_path / "album") as shots:
        cut_after(folder, 2)
    outcomes = [is_new(shot) for shot in shots]
    assert outcomes == sorted(outcomes)
    assert set(outcomes) == {False, True}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_who_finishes_it_may_be_killed_as_well(tmp_path: Path, layout: str) -> None:
    """At any step; the next one does it."""
    folder = made(tmp_path / "journal", LAYOUTS[layout])
    with photographed(folder, tmp_path / "album") as shots:
        cut_after(folder, 2)
    marked = next(shot for shot in shots if b"truncating" in (shot / NAME).read_bytes())
    with photographed(marked, tmp_path / "again") as shots:
        Journal.open(marked, look=here).close()
    assert len(shots) > 5
    assert {is_new(shot) for shot in shots} == {True}


def is_new(shot: Path) -> bool:
    """Whether a photograph opens as the truncated journal; else it has to be the whole one."""
    records, identity = opened(shot)
    is_new = identity != ID
    assert records == [record for record in RECORDS if record.bar <= (2 if is_new else 4)]
    return is_new
