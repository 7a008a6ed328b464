"""What a source hands over: what is refused is told of and kept, and a source that is wrong throughout is given up."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alphabus.messages import Mode
from alphabus.testing import day_ns
from common.errors import BarFileError
from services.bar_feed.admission import MAX_REFUSED, Refusal
from services.bar_feed.arrivals import Arrivals
from services.bar_feed.quarantine import Quarantine
from services.bar_feed.sources import RawSection


@dataclass
class Scripted:
    """A live source that says what it is told to, by a clock that stands."""

    bars: list[int]
    today: int
    mode: Mode = Mode.LIVE

    def history(self, after: int) -> Iterator[RawSection]:
        """None."""
        del after
        return iter(())

    def live(self, after: int) -> Iterator[RawSection]:
        """Sections of these bars."""
        del after
        for bar in self.bars:
            yield RawSection(day_ns(bar), bar, ("A",), {"close": np.array([float(bar)])})

    def now(self, ahead_ns: int) -> int:
        """The same for ever."""
        return day_ns(self.today) + ahead_ns

    def facts(self) -> Mapping[str, Any]:
        """None."""
        return {}


def everybody(raw: RawSection) -> RawSection:
    """There is a place for all."""
    return raw


def test_what_is_refused_is_told_of_and_kept(tmp_path: Path) -> None:
    """One from the future and one that was overtaken; those in order go out, and then there is the end."""
    told: list[tuple[Refusal, Mapping[str, Any]]] = []
    kept = tmp_path / "sections.jsonl"
    arrivals = Arrivals(
        Scripted([2, 9, 3, 2, 4], 5), day_ns(1), Quarantine(kept), lambda *each: told.append(each), everybody
    )
    out = [arrivals.pull(0) for _ in range(4)]
    assert [due and due[1].time for due in out] == [day_ns(2), day_ns(3), day_ns(4), None]
    assert [(refusal, facts["time"]) for refusal, facts in told] == [
        (Refusal.FUTURE, day_ns(9)),
        (Refusal.OVERTAKEN, day_ns(2)),
    ]
    rows = [json.loads(line) for line in kept.read_text(encoding="utf-8").splitlines()]
    assert [(row["reason"], row["columns"]["close"]) for row in rows] == [
        ("from_the_future", [9.0]),
        ("out_of_order", [2.0]),
    ]


@pytest.mark.parametrize("wrong", [MAX_REFUSED - 1, MAX_REFUSED])
def test_the_hundredth_in_a_row_is_the_last(wrong: int, tmp_path: Path) -> None:
    """It, too, is told of and kept; after one less the source goes on."""
    told: list[Refusal] = []
    kept = tmp_path / "sections.jsonl"
    source = Scripted([*[9] * wrong, 2], 5)
    arrivals = Arrivals(source, day_ns(1), Quarantine(kept), lambda refusal, _: told.append(refusal), everybody)
    if wrong == MAX_REFUSED:
        with pytest.raises(BarFileError, match=f"{MAX_REFUSED} sections in a row were refused"):
            arrivals.pull(0)
    else:
        due = arrivals.pull(0)
        assert due is not None
        assert due[1].time == day_ns(2)
    assert len(told) == len(kept.read_text(encoding="utf-8").splitlines()) == wrong


def test_only_what_is_admitted_is_seated(tmp_path: Path) -> None:
    """In order, each as it is pulled: what is refused for its time is kept whole, and takes nobody's place."""
    seated: list[int] = []

    def seat(raw: RawSection) -> RawSection:
        seated.append(raw.time)
        return raw.apart("A")[0]

    arrivals = Arrivals(Scripted([2, 9, 3], 5), day_ns(1), Quarantine(tmp_path / "kept"), lambda *_: None, seat)
    for expected in ([day_ns(2)], [day_ns(2), day_ns(3)]):
        due = arrivals.pull(0)
        assert due is not None
        assert (due[1].symbols, due[1].columns["close"].tolist()) == ((), [])
        assert seated == expected
    assert arrivals.pull(0) is None
    [row] = (tmp_path / "kept").read_text(encoding="utf-8").splitlines()
    assert json.loads(row)["symbols"] == ["A"]
