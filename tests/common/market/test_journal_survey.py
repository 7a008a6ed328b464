"""A journal read from outside: everything is verified, nothing is touched, a writer is not disturbed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from common.errors import JournalError
from common.market.journal import Journal
from common.market.journal_mark import State, look_around
from common.market.journal_records import Record
from common.market.journal_survey import records_of, survey
from tests.common.market.journals import ID, fill, here

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

RECORDS = [Record(kind, bar, bytes([bar]) * 20) for bar in (1, 2, 3) for kind in (1, 2)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A closed journal of three bars in three segments."""
    fill(tmp_path, RECORDS, segment_bytes=1).close()
    return tmp_path


def contents(folder: Path) -> dict[str, tuple[bytes, float]]:
    """Every file, with the time of its last change."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_a_whole_journal(folder: Path) -> None:
    """Every segment with its bars, its id and the digest at its end; the progress reaches the end."""
    before, steps = contents(folder), list[tuple[int, int]]()
    found = survey(folder, lambda done, most: steps.append((done, most)), here)
    assert [(part.first_bar, part.last_bar, part.records, part.id) for part in found.parts] == [
        (bar, bar, 2, ID) for bar in (1, 2, 3)
    ]
    assert contents(folder) == before
    assert (found.records, found.problems, found.unfinished, found.renewal) == (6, (), 0, None)
    assert not found.written
    assert found.mark is not None
    assert found.mark.state is State.CLOSED
    assert steps[-1] == (found.bytes, found.bytes)
    with Journal.open(folder, look=here) as journal:
        assert found.parts[-1].digest == journal.chain


def test_beside_a_writer(tmp_path: Path) -> None:
    """What stands there by then is read; the writer goes on."""
    with fill(tmp_path, RECORDS[:3]) as journal:
        before = contents(tmp_path)
        assert list(records_of(tmp_path)) == RECORDS[:3]
        found = survey(tmp_path, look=here)
        assert (found.records, found.problems, found.renewal, found.written) == (3, (), None, True)
        assert contents(tmp_path) == before
        journal.append(1, 9, b"later")
        assert list(records_of(tmp_path)) == [*RECORDS[:3], Record(1, 9, b"later")]


def test_nobody_writes_a_copy(tmp_path: Path) -> None:
    """Though its mark still names who writes the original."""
    with fill(tmp_path / "original", RECORDS[:3], look=look_around):
        shutil.copytree(tmp_path / "original", tmp_path / "copy")
        found = survey(tmp_path / "copy", look=look_around)
    assert (found.renewal, found.written) == ("it is a copy", False)


def test_an_unfinished_end_is_told_and_left(folder: Path) -> None:
    """It is no damage: a record is being written, or a crash left it."""
    last = max(folder.glob("*.journal"))
    last.write_bytes(last.read_bytes()[:-5])
    before = contents(folder)
    found = survey(folder, look=here)
    assert (found.records, found.problems, found.renewal) == (5, (), "its end will be cut")
    assert found.unfinished == 21 + 20 + 32 - 5
    assert list(records_of(folder)) == RECORDS[:5]
    assert contents(folder) == before


def test_every_damage_is_found(folder: Path) -> None:
    """Not only the first; what comes after is judged by itself."""
    for path in sorted(folder.glob("*.journal"))[:2]:
        path.write_bytes(path.read_bytes()[:-1] + b"\x00")
    found = survey(folder, look=here)
    assert len(found.problems) == 2
    assert all("is corrupt at byte" in problem for problem in found.problems)
    assert [part.problem is None for part in found.parts] == [False, False, True]
    with pytest.raises(JournalError, match="is corrupt at byte"):
        list(records_of(folder))


@pytest.mark.parametrize("size", [0, 10])
def test_a_segment_without_a_header_is_a_problem(folder: Path, size: int) -> None:
    """Even the last one: a segment appears with its header, or not at all."""
    path = max(folder.glob("*.journal"))
    path.write_bytes(path.read_bytes()[:size])
    found = survey(folder, look=here)
    assert (found.records, found.unfinished, len(found.problems)) == (4, 0, 1)
    assert f"{path} ({size} bytes) does not begin with a header" in found.problems[0]


def test_an_empty_segment_with_its_header_is_whole(tmp_path: Path) -> None:
    """So a journal begins."""
    fill(tmp_path, []).close()
    assert survey(tmp_path, look=here).problems == ()


@pytest.mark.parametrize("segment_bytes", [1, 150, 1 << 20])
def test_what_is_before_the_damage_can_be_read(tmp_path: Path, segment_bytes: int) -> None:
    """With the last bar before it: of that bar nothing may be missing; anything later is refused."""
    fill(tmp_path, RECORDS, segment_bytes).close()
    path = next(path for path in sorted(tmp_path.glob("*.journal")) if bytes([2]) * 20 in path.read_bytes())
    path.write_bytes(path.read_bytes().replace(bytes([2]) * 20, bytes(20), 1))
    assert list(records_of(tmp_path, last=1)) == RECORDS[:2]
    for last in (2, 3, None):
        with pytest.raises(JournalError, match="is corrupt at byte"):
            list(records_of(tmp_path, last=last))


@pytest.mark.parametrize("segment_bytes", [1, 150, 1 << 20])
@pytest.mark.parametrize("last", range(5))
def test_records_up_to_a_bar(tmp_path: Path, segment_bytes: int, last: int) -> None:
    """Those and no others, however the segments lie."""
    fill(tmp_path, RECORDS, segment_bytes).close()
    assert list(records_of(tmp_path, last=last)) == [record for record in RECORDS if record.bar <= last]


def test_a_missing_segment_is_found(folder: Path) -> None:
    """Between two others."""
    sorted(folder.glob("*.journal"))[1].unlink()
    found = survey(folder, look=here)
    assert len(found.problems) == 1
    assert "does not follow" in found.problems[0]


@pytest.mark.parametrize("name", ["nothing", "file"])
def test_no_journal_there(tmp_path: Path, name: str) -> None:
    """Is said, and none is made."""
    (tmp_path / "file").write_bytes(b"")
    for look in (survey, lambda folder: list(records_of(folder))):
        with pytest.raises(JournalError, match="there is no journal in"):
            look(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_segment_that_is_dropped_meanwhile(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is no damage: the survey is of what is left; a stream of records says that it has to begin again."""
    first = min(folder.glob("*.journal"))
    whole = Path.read_bytes

    def vanishing(path: Path) -> bytes:
        first.unlink(missing_ok=True)
        return whole(path)

    monkeypatch.setattr(Path, "read_bytes", vanishing)
    with pytest.raises(JournalError, match=f"{first} was dropped by its writer"):
        list(records_of(folder))
    monkeypatch.undo()
    first.touch()
    monkeypatch.setattr(Path, "read_bytes", vanishing)
    found = survey(folder, look=here)
    assert (len(found.parts), found.problems) == (2, ())
