"""A record of which the old part was dropped: what comes next is what would have come."""

from pathlib import Path
from typing import Any

import pytest

from alphabus.messages import Mode
from common.errors import ForgottenError
from common.market.journal import Journal, Retention
from common.market.membership import Membership
from common.message_log import UNIVERSE, MessageLog
from services.bar_feed.alignment import Alignment
from services.bar_feed.chronicle import Chronicle
from tests.services.bar_feed.test_chronicle import ANNOUNCEMENTS, BARS, on_no_link, said, say
from tests.services.markets import raw_section


def opened(journal: Journal) -> tuple[Chronicle, Alignment]:
    """A feed's record over a journal, and its memory of symbols."""
    return Chronicle(MessageLog(journal), ANNOUNCEMENTS, BARS, on_no_link), Alignment(Membership(3))


def write(folder: Path) -> Journal:
    """Thirty sections, each in a segment of its own; symbols come and go."""
    journal = Journal.open(folder, segment_bytes=1, landmark=UNIVERSE)
    record, alignment = opened(journal)
    for bar in range(1, 30):
        say(record, alignment, bar, "ABC" if bar < 5 else "AB" if bar < 8 else "AD")
    return journal


def next_section(folder: Path) -> tuple[Any, ...]:
    """What a feed that starts again on the folder says of the next section."""
    with Journal.open(folder, landmark=UNIVERSE) as journal:
        record, alignment = opened(journal)
        record.recall(alignment)
        expected = alignment.expected
        universe, bars = alignment.align(raw_section(30, {"A": 1.0}), b"x" * 16, 30, Mode.REPLAY)
    columns = {name: column.tobytes() for name, column in bars.columns.items()}
    return expected, universe, bars.universe, bars.coverage, record.last_bar, columns


def test_the_next_section_does_not_tell_that_old_ones_are_gone(tmp_path: Path) -> None:
    """The same universe, the same expected symbols, the same coverage."""
    with write(tmp_path / "whole"):
        pass
    with write(tmp_path / "pruned") as journal:
        assert len(journal.prune(Retention(max_bytes=0), 20, 0.0)) > 10
    assert next_section(tmp_path / "pruned") == next_section(tmp_path / "whole")


def test_a_dropped_bar_is_refused_and_a_kept_one_comes_with_its_universe(tmp_path: Path) -> None:
    """Never a guess: who asks too far back hears so, who does not gets a record that stands alone."""
    with write(tmp_path / "journal") as journal:
        journal.prune(Retention(max_bytes=0), 20, 0.0)
        record, alignment = opened(journal)
        record.recall(alignment)
        with pytest.raises(ForgottenError):
            record.since(BARS, record.journal, 7)
        assert said(record, BARS, 20)[0][0][0] == "universe"
