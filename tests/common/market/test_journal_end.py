"""The newest bar of a journal at rest."""

from __future__ import annotations

from pathlib import Path

from common.market.journal import Journal
from common.market.journal_end import last_bar


def test_the_newest_bar_whatever_its_end_is_like(tmp_path: Path) -> None:
    """None is 0; over segments; before an end that is unfinished."""
    assert last_bar(tmp_path / "absent") == 0
    journal = Journal.open(tmp_path / "journal", segment_bytes=200)
    assert last_bar(tmp_path / "journal") == 0
    for bar in range(1, 10):
        journal.append(1, bar, bytes(100))
    journal.close()
    assert last_bar(tmp_path / "journal") == 9
    newest = max((tmp_path / "journal").glob("*.journal"))
    with newest.open("ab") as file:
        file.write(b"half of a record")
    assert last_bar(tmp_path / "journal") == 9
