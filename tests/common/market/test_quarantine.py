"""The quarantine file: every refused row, readable by anything."""

import json
from pathlib import Path

from common.market.quarantine import write_quarantine
from common.market.store import load_bars
from tests.common.market.conftest import WriteBars


def test_refused_rows_are_json_lines(tmp_path: Path, write_csv: WriteBars) -> None:
    """A line a row: the reason, the place, and the columns as they were."""
    good = [(f"2024-01-0{day}", "A", 10, 12, 9, 11, 1, 1) for day in (1, 2)]
    table = load_bars(write_csv([*good, ("2024-01-03", "Ä", "", 12, 9, 11, 1, 1)]))
    write_quarantine(tmp_path / "out" / "quarantine.jsonl", table.rejected)
    line = json.loads((tmp_path / "out" / "quarantine.jsonl").read_text(encoding="utf-8"))
    assert list(line)[:3] == ["reason", "row", "datetime"]
    assert (line["reason"], line["row"], line["symbol"], line["open"]) == ("bad_symbol", 2, "Ä", None)


def test_nothing_refused_is_an_empty_file(tmp_path: Path, write_csv: WriteBars) -> None:
    """A second run without refusals replaces the old lines."""
    target = tmp_path / "quarantine.jsonl"
    target.write_text("old", encoding="utf-8")
    table = load_bars(write_csv([(f"2024-01-0{day}", "A", 10, 12, 9, 11, 1, 1) for day in (1, 2)]))
    write_quarantine(target, table.rejected)
    assert target.read_text(encoding="utf-8") == ""
