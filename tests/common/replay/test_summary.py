"""What is said of a run: every section without a signal is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alphabus.endpoints import SERVICES
from alphabus.messages import Heartbeat
from common.config import make_config
from common.market.store import load_bars
from common.models.records import ModelRef
from common.replay.preparation import Prepared
from common.replay.split import Split
from common.replay.summary import Missing, latencies, missing_sections, restarts, summarise_run
from common.research.information import Summary as Skill
from common.research.training import Trained

STAGE_MS = 1_000_000


@pytest.fixture
def prepared(tmp_path: Path) -> Prepared:
    """Six days of one symbol, two of them replayed, two arms; one row was refused."""
    rows = [f"2020-01-{day:02},A,1,1,1,1,1" for day in range(1, 7)] + ["2020-01-03,B,0,1,1,1,1"]
    (tmp_path / "bars.csv").write_text(
        "\n".join(["datetime,symbol,open,high,low,close,volume", *rows]), encoding="ascii"
    )
    table = load_bars(tmp_path / "bars.csv")
    config = make_config(
        {"instance": "demo", "state": "state", "feed": {"source": {"bars": "bars.csv"}},
         "arms": {"champion": {"capital": 0.5}, "other": {"capital": 0.5}}}, "demo",
    )  # fmt: skip
    trained = Trained(ModelRef("demo", 3, "ab" * 32), reused=True)
    return Prepared(table, Split.of(table, None), trained, config, tmp_path / "config.toml")


def row(prepared: Prepared, place: int, arm: str = "champion", **changes: Any) -> dict[str, Any]:
    """A fresh section of the replayed part."""
    frame = prepared.table.frame
    time = sorted(set(frame["time"].to_list()))[prepared.split.history + place]
    stamp = frame.filter(time=time)["stamp"][0]
    section = {"arm": arm, "bar": 5 + place, "time": time, "stamp": stamp, "revision": 0, "status": "fresh",
               "reason": "", "age": 0, "latency": {}}  # fmt: skip
    return section | changes


def summary(prepared: Prepared, rows: list[dict[str, Any]], monitor: Heartbeat | None = None) -> dict[str, Any]:
    """The figures of a run with these sections."""
    skill = Skill(count=1, mean=0.1, std=float("nan"), t=float("nan"))
    figures = summarise_run(prepared, rows, digest="d", skill=skill, monitor=monitor, trouble="")
    assert json.loads(json.dumps(figures, allow_nan=False)) == figures
    return figures


def test_missing_sections_are_named(prepared: Prepared) -> None:
    """By arm, and by stamp as the input writes it."""
    rows = [row(prepared, 0), row(prepared, 1, "other")]
    assert missing_sections(prepared, rows) == [
        Missing("champion", "2020-01-06 00:00:00"), Missing("other", "2020-01-05 00:00:00"),
    ]  # fmt: skip
    sections = summary(prepared, rows)["sections"]
    assert sections["missing"][0] == {"arm": "champion", "stamp": "2020-01-06 00:00:00"}
    assert (sections["history"], sections["replayed"], sections["with_signal"]) == (4, 2, 2)
    assert sections["first_replayed"] == "2020-01-05 00:00:00"


def test_nothing_is_missing(prepared: Prepared) -> None:
    """A revision is no second section, and a held section is there."""
    rows = [row(prepared, place, arm) for place in (0, 1) for arm in ("champion", "other")]
    rows[0] |= {"status": "held", "reason": "timeout"}
    rows.insert(1, row(prepared, 0, revision=1, status="late"))
    figures = summary(prepared, rows)
    assert figures["sections"]["missing"] == []
    assert figures["sections"]["with_signal"] == 4
    assert figures["signals"] == {"fresh": 3, "late": 1}
    assert figures["revisions"] == 1


def test_two_bars_of_one_stamp_are_two(prepared: Prepared) -> None:
    """Where clocks go back the stamp repeats; a section is told by its close time."""
    fold = prepared.table.frame.with_columns(stamp=prepared.table.frame["stamp"] * 0)
    folded = Prepared(
        type(prepared.table)(**{name: getattr(prepared.table, name) for name in prepared.table.__slots__}
                             | {"frame": fold}),
        prepared.split, prepared.trained, prepared.config, prepared.config_file,
    )  # fmt: skip
    assert len(missing_sections(folded, [row(folded, 0), row(folded, 0, "other")])) == 2


def test_no_signal_at_all(prepared: Prepared) -> None:
    """Every replayed section of every arm, and figures that still can be printed."""
    figures = summary(prepared, [])
    assert len(figures["sections"]["missing"]) == 4
    assert figures["sections"]["first_replayed"] == "2020-01-05 00:00:00"
    assert (figures["signals"], figures["latency_ms"]) == ({}, {})


def test_what_is_known_of_input_and_model(prepared: Prepared) -> None:
    """Refused rows by reason; the version that served; a figure that is none is null."""
    figures = summary(prepared, [])
    assert figures["rejected"] == {"not_positive_price": 1}
    assert figures["model"] == {"name": "demo", "version": 3, "digest": "ab" * 32, "reused": True}
    assert figures["rank_ic"] == {"count": 1, "mean": 0.1, "std": None, "t": None}


def test_refused_messages(prepared: Prepared) -> None:
    """Of all processes by reason, as the monitor counted them; nothing when it did not answer."""
    counters = {
        "bar_feed.refused": 3, "bar_feed.refused_topic": 3,
        "signal_cache.refused": 4, "signal_cache.refused_topic": 1, "signal_cache.refused_body": 3,
    }  # fmt: skip
    beat = Heartbeat("monitor", 1, bytes(16), 0, 0, {}, counters)
    assert summary(prepared, [], beat)["processes"]["refused_messages"] == {"topic": 4, "body": 3}
    assert summary(prepared, [])["processes"]["refused_messages"] == {}


def test_restarts_are_what_the_supervisors_logged(tmp_path: Path) -> None:
    """One for each death, whether or not the monitor ever heard of the process."""
    assert restarts(tmp_path) == dict.fromkeys(SERVICES, 0)
    events = [("died", "bar_feed"), ("died", "bar_feed"), ("killed", "monitor"), ("died", "monitor")]
    lines = [json.dumps({"event": event, "child": f"services.{name}"}) for event, name in events]
    (tmp_path / "supervisor.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with (tmp_path / "supervisor.jsonl").open("a", encoding="utf-8") as file:
        file.write('{"event": "di\n\n17\n')  # a full disk took only a part of it
    assert restarts(tmp_path) == {**dict.fromkeys(SERVICES, 0), "bar_feed": 2, "monitor": 1}


def test_latencies_are_values_that_occurred() -> None:
    """Milliseconds by stage; held sections have none."""
    rows = [{"latency": {"factors": spent * STAGE_MS}} for spent in range(1, 101)] + [{"latency": {}}]
    assert latencies(rows) == {"factors": {"p50": 51.0, "p99": 100.0, "max": 100.0}}
