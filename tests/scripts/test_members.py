"""Files of members: who has no bar is a warning, a file that cannot be used is not."""

from pathlib import Path

import pytest
import typer

from scripts.members import members_of


def test_a_misspelt_member_is_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is read all the same: an index has members of whom no bars are had."""
    file = tmp_path / "members.csv"
    file.write_text("symbol,from,to\nS0010,2021-01-01,\nS0O11,2021-01-01,\n", encoding="utf-8")
    found = members_of(file, ["S0011", "S0010"])
    assert found is not None
    assert [each.symbol for each in found.intervals] == ["S0010", "S0O11"]
    told = f"warning: {file}: 1 of 2 members have no bar: 'S0O11' (did you mean 'S0011'?)"
    assert told in capsys.readouterr().err
    assert members_of(file, ["S0010", "S0O11"]) == found
    assert capsys.readouterr().err == ""


def test_no_file_means_whoever_has_bars() -> None:
    """And nothing is read."""
    assert members_of(None, ["A"]) is None


def test_a_file_that_cannot_be_used_is_refused(tmp_path: Path) -> None:
    """Naming the option."""
    with pytest.raises(typer.BadParameter, match="cannot be read") as refused:
        members_of(tmp_path / "nowhere.csv", ["A"])
    assert refused.value.param_hint == "--members"
