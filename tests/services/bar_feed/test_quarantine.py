"""What stays out of the stream is kept: the first lines of every reason."""

from __future__ import annotations

import json
from pathlib import Path

from services.bar_feed.quarantine import MAX_KEPT, Quarantine
from tests.services.markets import raw_section


def test_the_first_of_each_reason_are_kept(tmp_path: Path) -> None:
    """With all there is of them; many of one reason do not crowd out another's."""
    path = tmp_path / "quarantine" / "sections.jsonl"
    quarantine = Quarantine(path)
    for bar in range(1, MAX_KEPT + 6):
        assert quarantine.keep("one", raw_section(bar, {"A": float(bar)}))
    assert quarantine.keep("another", raw_section(7, {"A": 1.0, "B": 2.0}))
    *one, another = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [(row["reason"], row["columns"]["close"]) for row in one] == [
        ("one", [float(bar)]) for bar in range(1, MAX_KEPT + 1)
    ]
    raw = raw_section(7, {"A": 1.0, "B": 2.0})
    assert another == {
        "reason": "another", "time": raw.time, "stamp": raw.stamp, "symbols": ["A", "B"],
        "columns": {name: values.tolist() for name, values in raw.columns.items()},
    }  # fmt: skip


def test_a_disk_that_takes_nothing_is_told_of(tmp_path: Path) -> None:
    """Here there is a file where the folder should be."""
    (tmp_path / "quarantine").touch()
    assert not Quarantine(tmp_path / "quarantine" / "sections.jsonl").keep("one", raw_section(1, {"A": 1.0}))
