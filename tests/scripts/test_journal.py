"""The journal script: read-only verbs, truncation, figures on request, truthful exit statuses."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from alphabus.messages import Announcement, Bars, Mode, Phase, Streamed, Universe, universe_digest
from alphabus.testing import signals
from common.exits import NO_ROOM
from common.market.journal import Journal
from common.market.store import load_bars
from common.message_log import UNIVERSE, MessageLog
from scripts.command import main
from scripts.journal import app

DAY_NS = 86_400 * 10**9
START_NS = 18_628 * DAY_NS  # 2021-01-01


def section(bar: int, symbols: str) -> list[Streamed]:
    """What a feed says of one bar: the last symbol has none."""
    journal, names = bytes(16), tuple(symbols)
    digest, time = universe_digest(names), START_NS + bar * DAY_NS
    close = np.array([10.0 + bar] * (len(names) - 1) + [np.nan])
    columns: dict[str, Any] = dict.fromkeys(("open", "high", "low", "close", "volume"), close + 1.0)
    columns |= {"member": np.ones(len(names), np.uint8)}
    return [
        Announcement(journal, bar, Mode.REPLAY, time, time, Phase.CLOSED, 2, coverage=0.5),
        Universe(journal, bar, digest, names),
        Bars(journal, bar, Mode.REPLAY, time, time, digest, 0.5, columns),
    ]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The journal of a feed: five sections, some in a segment of their own."""
    with Journal.open(tmp_path / "journal", segment_bytes=1500, landmark=UNIVERSE) as journal:
        for bar in range(1, 6):
            for message in section(bar, "ABC" if bar < 4 else "ABCD"):
                MessageLog(journal).append(message)
    return tmp_path / "journal"


def status(*arguments: object) -> object:
    """The exit status of the script, whether it returns or exits."""
    try:
        return main(app, "journal", [str(argument) for argument in arguments])
    except SystemExit as ended:
        return ended.code


def figures(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    """What the script reports as JSON."""
    assert status(*arguments, "--json", "-") == 0
    return json.loads(capsys.readouterr().out)


def test_verify_a_whole_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0, and what it found."""
    found = figures(capsys, "verify", folder)
    assert (found["records"], found["problems"], found["state"]) == (17, [], "closed")
    assert found["next_start_changes_the_id"] is None
    assert [segment["first_bar"] for segment in found["segments"]] == [1, 3, 5]


def test_verify_a_bad_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1, the place, and the figures all the same."""
    path = min(folder.glob("*.journal"))
    path.write_bytes(path.read_bytes()[:100] + b"!" + path.read_bytes()[101:])
    assert status("verify", folder, "--json", "-") == 1
    shown = capsys.readouterr()
    assert len(json.loads(shown.out)["problems"]) == 1
    assert shown.err.splitlines()[0].startswith(f"problem: {path} is corrupt at byte")
    assert "every one verified" not in shown.err
    assert "are whole; what follows a problem in its segment was not looked at" in shown.err


def test_verify_beside_a_writer(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told that somebody writes."""
    with Journal.open(folder):
        assert status("verify", folder, "--json", "-") == 0
        shown = capsys.readouterr()
        assert json.loads(shown.out)["state"] == "open"
        assert f"being written by pid {os.getpid()}" in shown.err


def test_show_the_segments(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line each."""
    assert status("show", folder) == 0
    shown = capsys.readouterr().err
    assert all(path.name in shown for path in folder.glob("*.journal"))
    assert "every one verified" in shown


def test_show_records(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of the bars that were asked for, by what they say."""
    rows = figures(capsys, "show", folder, "--from", 3, "--to", 4)
    usual = ["announcement", "universe", "bars"]
    assert [row["kind"] for row in rows] == ["universe", *usual, *usual]
    assert [row["bar"] for row in rows] == [3] * 4 + [4] * 3
    assert rows[0]["says"] == "3 symbols, since bar 2"
    assert rows[3]["says"] == "replay, 2 of 3 symbols"
    assert len(figures(capsys, "show", folder, "--from", 1, "--most", 4)) == 4


def test_show_no_records(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Beyond the end it is told; bars the wrong way round are refused."""
    assert status("show", folder, "--from", 900) == 0
    assert "no records of these bars" in capsys.readouterr().err
    for verb in (("show", folder), ("export", folder, "--out", folder.parent / "bars.csv")):
        assert status(*verb, "--from", 900, "--to", 800) == 2
        assert "900 comes after --to 800" in capsys.readouterr().err


def test_show_the_record_of_an_arm(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The cache's record has the same form."""
    with Journal.open(tmp_path / "arm") as journal:
        MessageLog(journal).append(signals(3, {"A": 0.5}))
    assert [row["says"] for row in figures(capsys, "show", tmp_path / "arm", "--to", 9)] == ["live fresh, revision 0"]


@pytest.mark.parametrize("name", ["bars.parquet", "bars.csv"])
def test_export_can_be_loaded_again(folder: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """Every bar of every symbol, at the source's own stamp."""
    out = folder.parent / name
    done = figures(capsys, "export", folder, "--out", out)
    assert done == {"file": str(out), "rows": 12, "sections": 5, "first_bar": 1, "last_bar": 5}
    table = load_bars(out, stamp="close")
    assert table.rejected.is_empty()
    assert table.times.tolist() == [START_NS + bar * DAY_NS for bar in range(1, 6)]
    assert table.frame["symbol"].unique().sort().to_list() == ["A", "B", "C"]
    raw = pl.read_parquet(out) if name.endswith("parquet") else pl.read_csv(out)
    assert raw["bar"].to_list() == [1, 1, 2, 2, 3, 3, 4, 4, 4, 5, 5, 5]


def test_export_a_span(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its symbols may be on record before it."""
    out = folder.parent / "bars.parquet"
    assert figures(capsys, "export", folder, "--out", out, "--from", 2, "--to", 3)["rows"] == 4


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--out", "bars.txt"), 2, "neither in .parquet nor in .csv"),
        (("--out", "bars.csv", "--from", 9), 1, "has no bars from 9 on: look"),
        (("--out", "bars.csv", "--from", 8, "--to", 9), 1, "has no bars from 8 to 9: look"),
        (("--out", "bars.csv", "--to", 0), 1, "has no bars to 0: look"),
    ],
)
def test_export_nothing(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    *,
    arguments: tuple[object, ...],
    code: int,
    words: str,
) -> None:
    """Is an error, and leaves no file."""
    monkeypatch.chdir(folder.parent)
    assert status("export", folder, *arguments) == code
    assert words in " ".join(capsys.readouterr().err.replace("│", "").split())
    assert [path.name for path in folder.parent.iterdir()] == ["journal"]


def test_what_is_before_the_damage(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is shown and exported with the last bar before it."""
    path = sorted(folder.glob("*.journal"))[1]
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    assert figures(capsys, "export", folder, "--out", folder.parent / "bars.csv", "--to", 3)["last_bar"] == 3
    assert figures(capsys, "show", folder, "--from", 3, "--to", 3)[-1]["kind"] == "bars"
    assert status("export", folder, "--out", folder.parent / "bars.csv", "--to", 4) == 1


@pytest.mark.parametrize("name", ["bars.parquet", "bars.csv"])
def test_export_to_a_full_disk(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """One line and the status of a disk without space, whatever the table library makes of it; no file is left."""
    sink = f"sink_{Path(name).suffix[1:]}"
    whole = getattr(pl.LazyFrame, sink)
    monkeypatch.setattr(pl.LazyFrame, sink, lambda frame, _path: whole(frame, "/dev/full"))
    out = folder.parent / name
    assert status("export", folder, "--out", out) == NO_ROOM
    told = capsys.readouterr().err.splitlines()[-1]
    assert str(out) in told
    assert "No space left on device" in told
    assert "make space, then export again" in told
    assert not out.exists()


def test_export_of_a_corrupt_one(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Is refused whole."""
    path = min(folder.glob("*.journal"))
    path.write_bytes(path.read_bytes()[:100] + b"!" + path.read_bytes()[101:])
    assert status("export", folder, "--out", folder.parent / "bars.csv") == 1
    assert "is corrupt at byte" in capsys.readouterr().err
    assert not (folder.parent / "bars.csv").exists()


def test_truncate(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What follows the bar is gone; the id is another."""
    before = figures(capsys, "verify", folder)["segments"][0]["journal"]
    done = figures(capsys, "truncate", folder, "--after", 2, "--sound")
    assert (done["last_bar"], done["damage"], done["bytes"] > 0) == (2, None, True)
    found = figures(capsys, "verify", folder)
    assert found["segments"][-1]["journal"] == done["journal"] != before
    assert found["segments"][0]["last_bar"] == 2
    assert found["next_start_changes_the_id"] is None


def test_truncate_where_nothing_follows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says so, and the id stays."""
    before = figures(capsys, "verify", folder)["segments"]
    assert status("truncate", folder, "--after", 5000) == 0
    assert status("truncate", folder, "--at-damage") == 0
    assert "nothing to cut: the journal has everything up to its last record of bar 5" in capsys.readouterr().err
    assert figures(capsys, "verify", folder)["segments"] == before


@pytest.mark.parametrize("said", [(), ("--after", 2, "--at-damage")])
def test_truncate_wants_one_place(folder: Path, capsys: pytest.CaptureFixture[str], said: tuple[object, ...]) -> None:
    """Not none, and not two."""
    assert status("truncate", folder, *said) == 2
    assert "say either --at-damage or --after BAR" in capsys.readouterr().err


def test_truncate_of_a_sound_one_is_to_be_meant(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A bar is mistyped soon."""
    assert status("truncate", folder, "--after", 2) == 1
    assert "Say --sound to give them up" in capsys.readouterr().err


def test_no_journal_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every verb says so."""
    for verb in (("verify",), ("show",), ("export", "--out", tmp_path / "x.csv"), ("truncate", "--after", 1)):
        assert status(verb[0], tmp_path / "none", *verb[1:]) == 1
        assert "there is no journal in" in capsys.readouterr().err
