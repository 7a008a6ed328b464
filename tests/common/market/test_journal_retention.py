"""Retention: old segments go, whole and oldest first, and never what somebody needs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.market.journal import Journal, new_id
from common.market.journal_mark import NAME
from common.market.journal_records import Record
from common.market.journal_retention import Kept, Retention, surplus
from common.market.journal_segments import Segment
from tests.common.market.journals import fill, here, photographed

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

EVERYTHING, NOTHING = Retention(max_bytes=0), Retention()
LANDMARK = 2


def kept(bars: list[int | None], size: int = 10, ages: list[float] | None = None) -> list[Kept]:
    """Segments by the bars a journal could begin at with them."""
    old = ages or [0.0] * len(bars)
    return [Kept(Segment(Path(f"{bar}"), bar or 0, 0), size, age, bar) for bar, age in zip(bars, old, strict=True)]


CASES = [
    ("no bound", NOTHING, 100, 0),
    ("by size", Retention(max_bytes=25), 100, 2),
    ("exactly at the size", Retention(max_bytes=40), 100, 0),
    ("by age", Retention(max_age_s=5.0), 100, 1),
    ("either", Retention(max_bytes=35, max_age_s=5.0), 100, 1),
    ("all but the newest", EVERYTHING, 100, 3),
    ("what is needed stays", EVERYTHING, 7, 1),
    ("from its first bar on", EVERYTHING, 8, 2),
    ("all is needed", EVERYTHING, 0, 0),
]


@pytest.mark.parametrize(("bounds", "needed", "count"), [row[1:] for row in CASES], ids=[row[0] for row in CASES])
def test_how_many_may_go(bounds: Retention, needed: int, count: int) -> None:
    """Of segments at bars 0, 4, 8 and 12, the oldest of which is 9 s old."""
    segments = kept([0, 4, 8, 12], ages=[9.0, 4.0, 2.0, 0.0])
    assert surplus(segments, bounds, needed) == count


def test_the_rest_stands_alone() -> None:
    """Where it would not, fewer go."""
    assert surplus(kept([0, 4, None, None]), EVERYTHING, 100) == 1
    assert surplus(kept([0, None, 8, None]), EVERYTHING, 100) == 2
    assert surplus(kept([0, None, None]), EVERYTHING, 100) == 0


@given(
    st.lists(st.one_of(st.none(), st.integers(0, 20)), min_size=1, max_size=8), st.integers(0, 100), st.integers(0, 25)
)
def test_nothing_needed_ever_goes(bars: list[int | None], most: int, needed: int) -> None:
    """Every record from the needed bar on stays, and the newest segment."""
    count = surplus(kept(bars), Retention(max_bytes=most), needed)
    assert count < len(bars)
    begins = bars[count]
    assert count == 0 or (begins is not None and begins <= needed)


@pytest.mark.parametrize("others", [1, 2])
def test_a_segment_of_another_id_may_begin_later_than_its_name(tmp_path: Path, others: int) -> None:
    """What counts is its first record: the bar it is named by stands before it. So do other ids that came and went."""
    fill(tmp_path, [Record(1, 1, b"x")]).close()
    for _ in range(others):
        (tmp_path / NAME).unlink()
        fill(tmp_path, [], make_id=new_id).close()
    with fill(tmp_path, [Record(1, 2, b"y")]) as journal:
        assert journal.prune(EVERYTHING, 1, 0.0) == ()
        assert len(journal.prune(EVERYTHING, 2, 0.0)) == others
        assert (journal.begins, journal.first_bar) == (2, 2)
    with fill(tmp_path, []) as again:
        assert (again.begins, again.first_bar, list(again.read())) == (2, 2, [Record(1, 2, b"y")])


def filled(folder: Path) -> Journal:
    """Six bars in six segments; the landmark changes at bar 3."""
    said = [Record(LANDMARK, 1, b"AB"), *(Record(1, bar, b"x") for bar in range(1, 7))]
    said.insert(3, Record(LANDMARK, 3, b"ABC"))
    return fill(folder, sorted(said, key=lambda record: record.bar), segment_bytes=1, landmark=LANDMARK)


def test_a_pruned_journal_is_a_journal(tmp_path: Path) -> None:
    """It says where it begins, has all from there on, goes on, and is the same after a restart."""
    with filled(tmp_path) as journal:
        everything = list(journal.read())
        assert [segment.bar for segment in journal.prune(EVERYTHING, 4, 0.0)] == [0, 2, 3]
        assert (journal.begins, journal.first_bar) == (4, 4)
        assert journal.prune(EVERYTHING, 4, 0.0) == ()
        assert [journal.landmark_before(bar) for bar in (4, 5)] == [None, Record(LANDMARK, 4, b"ABC")]
        journal.append(1, 7, b"x")
        everything += [Record(LANDMARK, 7, b"ABC"), Record(1, 7, b"x")]
    with fill(tmp_path, [], landmark=LANDMARK) as again:
        assert list(again.read()) == [record for record in everything if record.bar >= 4]
        assert (again.begins, again.first_bar, again.cut, again.renewed) == (4, 4, None, None)
        assert again.landmark_before(4) is None
        assert again.landmark_before(5) == Record(LANDMARK, 4, b"ABC")


def test_the_first_record_left_is_the_landmark(tmp_path: Path) -> None:
    """So that a reader of what is left has what it needs; without one in the segment nothing goes."""
    with filled(tmp_path) as journal:
        journal.prune(EVERYTHING, 10, 0.0)
        assert next(journal.read()) == Record(LANDMARK, 6, b"ABC")
    with fill(tmp_path / "old", [Record(LANDMARK, 1, b"A"), Record(1, 2, b""), Record(1, 3, b"")], segment_bytes=1):
        pass  # written before landmarks were repeated
    with fill(tmp_path / "old", [], landmark=LANDMARK) as old:
        assert old.prune(EVERYTHING, 10, 0.0) == ()


def test_age_counts_from_the_last_write(tmp_path: Path) -> None:
    """By the segment's file."""
    with filled(tmp_path) as journal:
        for place, path in enumerate(sorted(tmp_path.glob("*.journal"))):
            os.utime(path, (1000.0 + place, 1000.0 + place))
        assert [segment.bar for segment in journal.prune(Retention(max_age_s=10.0), 99, 1012.0)] == [0, 2]


def test_a_kill_at_any_step_leaves_a_journal(tmp_path: Path) -> None:
    """With everything that is needed, whatever of the rest is still there."""
    with filled(tmp_path / "journal") as journal:
        everything = list(journal.read())
        with photographed(tmp_path / "journal", tmp_path / "album") as shots:
            journal.prune(EVERYTHING, 4, 0.0)
    left = set()
    for shot in shots:
        with fill(shot, [], landmark=LANDMARK, look=here) as again:
            records = list(again.read())
            left.add(len(records))
            assert records == everything[-len(records) :]
            assert again.begins <= 4
    assert len(left) == 4
