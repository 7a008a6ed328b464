"""`history` and `served`."""

from pathlib import Path

import pytest

from common.models.records import Event, Serving
from common.models.registry import Registry
from tests.scripts.models.asking import answer, run


def test_who_served_is_told(two: tuple[str, str], tmp_path: Path) -> None:
    """From which bar on, of which journal."""
    with Registry(Path(two[1]), clock=lambda: 1) as registry:
        registry.record_serving(Serving("own", b"j" * 16, "live", "champion", 5, 50, "demo", 2))
    found = answer(tmp_path, "served", "--instance", "own", "--bar", "7", *two)
    assert (found["version"], found["bar"], found["journal"]) == (2, 5, (b"j" * 16).hex())
    assert run("models", "served", "--instance", "own", "--bar", "4", *two) == 1


def test_what_served_last_is_not_said_of_bars_to_come(
    two: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The registry knows changes, not how far the stream went: it says so of the last of them, and of no other."""
    unknown = "whether there has been a bar 999999 the registry does not know"
    asked = ("served", "--instance", "own", *two, "--bar")
    with Registry(Path(two[1]), clock=lambda: 1) as registry:
        for bar, version in ((5, 2), (9, 1)):
            registry.record_serving(Serving("own", b"j" * 16, "live", "champion", bar, bar, "demo", version))
    assert answer(tmp_path, *asked, "999999")["is_last_on_record"]
    assert unknown in capsys.readouterr().err
    assert not (found := answer(tmp_path, *asked, "7"))["is_last_on_record"]
    assert (found["bar"], found["asked_bar"]) == (5, 7)
    assert "the registry does not know" not in capsys.readouterr().err


def test_a_halt_is_found_by_its_arm(two: tuple[str, str], tmp_path: Path) -> None:
    """The column is of aliases and arms, and so is the option."""
    with Registry(Path(two[1]), clock=lambda: 1) as registry:
        registry.record(Event("halt", "own", arm="champion"), by="ann", why="odd orders")
        registry.record(Event("halt", "own", arm="shadow"), by="ann", why="odd orders")
    rows = answer(tmp_path, "history", "--instance", "own", "--alias", "champion", *two)
    assert [row["action"] for row in rows] == ["promote", "promote", "halt"]
    assert [row["arm"] for row in answer(tmp_path, "history", "--alias", "shadow", *two)] == ["shadow"]
