"""The index: it leads every reader to the same records as reading from the start, within a bounded memory."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import ForgottenError
from common.market.journal import Journal
from common.market.journal_index import Index, Place
from common.market.journal_reading import landmark_before, read_records
from common.market.journal_records import HEADER_BYTES, Record
from common.market.journal_segments import Segment, read_segment
from tests.common.market.journals import fill

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

LANDMARK = 2
SEGMENT = Segment(Path("0.journal"), 0, 0)

records = st.lists(st.tuples(st.sampled_from([1, LANDMARK, 3]), st.integers(0, 2), st.binary(max_size=60)), max_size=40)


def thin(index: Index, stride_bytes: int, most: int) -> None:
    """Make a journal's index smaller than it would be."""
    index._stride, index._most = stride_bytes, most


@settings(deadline=None)  # it opens files, and a busy disk is no failure
@given(
    steps=records,
    segment_bytes=st.sampled_from([1, 200, 1 << 20]),
    shape=st.sampled_from([(1, 4096), (100, 8), (1, 3)]),
    reopen=st.booleans(),
)
def test_it_leads_to_the_same_records(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, int, bytes]],
    segment_bytes: int,
    shape: tuple[int, int],
    *,
    reopen: bool,
) -> None:
    """From any bar on, and the landmark before it, whatever the index has forgotten; also after opening again."""
    folder, bar = tmp_path_factory.mktemp("journal"), 0
    journal = fill(folder, [], segment_bytes, landmark=LANDMARK)
    thin(journal._index, *shape)
    for kind, ahead, payload in steps:
        bar += ahead
        journal.append(kind, bar, payload)
    if reopen:
        journal.close()
        journal = fill(folder, [], segment_bytes, landmark=LANDMARK)
    everything = list(read_records(journal._end, Index(), 0))
    for first in range(bar + 2):
        assert list(journal.read(first)) == [record for record in everything if record.bar >= first]
        before = [record for record in everything if record.bar < first and record.kind == LANDMARK]
        assert journal.landmark_before(first) == (before[-1] if before else None)
    assert len(journal._index) <= shape[1] or reopen
    journal.close()


def test_what_is_repeated_is_the_landmark_alone(tmp_path: Path) -> None:
    """Where a segment begins, unless it begins with a new one; everything else is as it was written."""
    said = [Record(2, 1, b"AB"), Record(1, 1, b"x"), Record(1, 2, b"y"), Record(2, 3, b"ABC"), Record(1, 4, b"z")]
    with fill(tmp_path, said, segment_bytes=1, landmark=LANDMARK) as journal:
        assert list(journal.read()) == [
            *said[:2], Record(2, 2, b"AB"), said[2], said[3], Record(2, 4, b"ABC"), said[4],
        ]  # fmt: skip


def test_its_size_is_bounded() -> None:
    """However many bars there are; what remains is never far apart."""
    index = Index(most=64, stride_bytes=10)
    for bar in range(10_000):
        index.note(1, bar, Place(SEGMENT, HEADER_BYTES + 100 * bar, bytes(32)))
    assert 32 <= len(index) <= 64
    gaps = []
    for bar in range(0, 10_000, 7):
        found = index.find(bar)
        assert found is not None
        gaps.append(bar - found.bar)
    assert min(gaps) >= 0
    assert max(gaps) <= 10_000 // 16


def test_a_page_is_read_from_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long journal a reader at its end verifies the bytes of a stride or two, not the segment."""
    with fill(tmp_path, [Record(1, bar, bytes(1000)) for bar in range(2000)]) as journal:
        read = 0

        def counted(*arguments: object) -> object:
            nonlocal read
            for found in read_segment(*arguments):  # type: ignore[arg-type]
                read += 1
                yield found

        monkeypatch.setattr("common.market.journal_reading.read_segment", counted)
        assert [record.bar for record in journal.read(1990)] == list(range(1990, 2000))
        assert read < 10 + 80
        assert landmark_before(journal._end, journal._index, 1990) is None


def test_what_was_dropped_is_named(tmp_path: Path) -> None:
    """A bar before the journal's begin is an answer of its own; 0 is whatever is left."""
    fill(tmp_path, [Record(1, bar, b"x") for bar in range(1, 5)], segment_bytes=1).close()
    for segment in sorted(tmp_path.glob("*.journal"))[:2]:
        segment.unlink()
    with Journal.open(tmp_path) as journal:
        assert journal.begins == 3
        for bar in (1, 2):
            with pytest.raises(ForgottenError, match=rf"begins at bar 3, bar {bar} is no longer there"):
                journal.read(bar)
        assert [[record.bar for record in journal.read(bar)] for bar in (0, 3, 4)] == [[3, 4], [3, 4], [4]]
