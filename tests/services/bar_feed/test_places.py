"""Places are limited: who finds none stays out, is kept, is told of once, and gets the place of one who left."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import polars as pl
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from alphabus.messages import Mode
from common.counters import Counters
from common.market.membership import Membership
from common.market.panel import Panel
from common.research.roll_call import Conditions, RollCall
from services.bar_feed.alignment import Alignment
from services.bar_feed.complaints import Complaints
from services.bar_feed.places import Places
from services.bar_feed.quarantine import Quarantine
from tests.services.markets import raw_section


@dataclass
class Feed:
    """Seats and aligns section after section, with few places."""

    path: Path
    most: int
    forget: int | None = None
    patience: int = 1
    bar: int = 0
    told: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)
    counters: Counters = field(default_factory=Counters)

    def __post_init__(self) -> None:
        membership = Membership(self.patience, forget_bars=self.forget, most=self.most)
        self.alignment = Alignment(membership)
        quarantine = Quarantine(self.path)
        complaints = Complaints(structlog.get_logger(), lambda _, event, **told: self.told.append((event, told)))
        self.places = Places(membership, self.forget, quarantine, self.counters, complaints)
        self.symbols: tuple[str, ...] = ()

    def section(self, symbols: Sequence[str]) -> dict[str, tuple[bool, float]]:
        """Of everybody on the list: whether it is a member, and its close."""
        self.bar += 1
        raw = self.places.seat(raw_section(self.bar, {symbol: closed(self.bar, symbol) for symbol in symbols}))
        universe, bars = self.alignment.align(raw, b"j" * 16, self.bar, Mode.REPLAY)
        if universe is not None:
            self.symbols = universe.symbols
            self.places.heed()
        self.coverage = bars.coverage
        members, closes = bars.columns["member"].astype(bool).tolist(), bars.columns["close"].tolist()
        return dict(zip(self.symbols, zip(members, closes, strict=True), strict=True))

    @property
    def kept(self) -> list[tuple[int, str]]:
        """What is in the quarantine: time and symbols of each line."""
        rows = map(json.loads, self.path.read_text(encoding="utf-8").splitlines() if self.path.exists() else [])
        return [(row["time"], "".join(row["symbols"])) for row in rows if row["reason"] == "too_many_symbols"]

    @property
    def events(self) -> list[str]:
        """What was told, in order."""
        return [event for event, _ in self.told]


def closed(bar: int, symbol: str) -> float:
    """A close that says whose and when."""
    return bar + ord(symbol[0]) / 1000


def test_those_beyond_the_free_places_stay_out(tmp_path: Path) -> None:
    """Of the new ones the last by name; their bars are kept, the others' are untouched."""
    feed = Feed(tmp_path / "kept", 3)
    assert list(feed.section("BD")) == ["B", "D"]
    found = feed.section("ABCDE")
    assert found == {symbol: (True, closed(2, symbol)) for symbol in "ABD"}
    assert feed.coverage == 1.0
    assert feed.kept == [(raw_section(2, {"A": 1.0}).time, "CE")]
    [row] = map(json.loads, feed.path.read_text(encoding="utf-8").splitlines())
    assert row["columns"]["close"] == [closed(2, "C"), closed(2, "E")]
    told = dict(feed.told)["symbols_without_place"]
    assert (told["without"], told["such_as"], told["limit"]) == ("2", "['C', 'E']", "3")


def test_a_section_of_the_homeless_alone_goes_on_without_a_bar(tmp_path: Path) -> None:
    """It is partial, and everybody ages by it as by any other."""
    feed = Feed(tmp_path / "kept", 2)
    feed.section("AB")
    found = feed.section("CD")
    assert [(symbol, np.isnan(close)) for symbol, (_, close) in found.items()] == [("A", True), ("B", True)]
    assert feed.coverage == 0.0


def test_it_is_told_of_once_until_a_place_is_left(tmp_path: Path) -> None:
    """Not again for a section without newcomers between, nor where the last place is taken; then anew."""
    feed = Feed(tmp_path / "kept", 3, forget=2)
    homeless = []
    for symbols in ("ABC", "ABCD", "ABC", "ABCDE", "AB", "AB", "AB", "AB", "AB", "ABDE"):
        feed.section(symbols)
        homeless.append(feed.counters.snapshot().get("symbols_without_place"))
    assert homeless == [None, 1, 0, 2, 0, 0, 0, 0, 0, 1]
    assert feed.events.count("symbols_without_place") == 2
    assert feed.counters.snapshot()["sections_too_many_symbols"] == 3
    assert [symbols for _, symbols in feed.kept] == ["D", "DE", "E"]


def test_a_place_that_is_taken_at_once_ends_nothing(tmp_path: Path) -> None:
    """Contracts that roll at the limit: some find no place in most sections, and that is one shortage."""
    feed = Feed(tmp_path / "kept", 4, forget=1, patience=1)
    for day in range(40):
        feed.section([chr(65 + (day // 2 + ahead) % 26) for ahead in range(4)])
    assert feed.counters.snapshot()["sections_too_many_symbols"] > 10
    assert feed.events.count("symbols_without_place") == 1


def test_the_market_goes_on_at_the_limit(tmp_path: Path) -> None:
    """Who left is forgotten, whatever number of newcomers waits; one of them gets the place, the others wait on."""
    feed = Feed(tmp_path / "kept", 3, forget=4)
    feed.section("ABC")
    listed = ["".join(feed.section("ABDE")) for _ in range(200)]
    assert listed[:4] == ["ABC"] * 4
    assert listed[4] == "AB"
    assert set(listed[5:]) == {"ABD"}
    assert feed.section("ABDE")["D"] == (True, closed(feed.bar, "D"))
    assert {symbols for _, symbols in feed.kept} == {"DE", "E"}


def test_who_is_never_forgotten_keeps_the_place(tmp_path: Path) -> None:
    """Without `forget_bars` the newcomers wait for ever, and the others go on."""
    feed = Feed(tmp_path / "kept", 2)
    feed.section("AB")
    assert {"".join(feed.section("AC")) for _ in range(300)} == {"AB"}
    assert feed.section("AC")["A"] == (True, closed(feed.bar, "A"))
    assert feed.events == ["symbols_near_limit", "symbols_without_place"]


def test_the_advice_depends_on_what_is_set(tmp_path: Path) -> None:
    """Early and late: to set it where it is not, to lower it where it is."""
    for forget, advice in ((None, "set feed.forget_bars, so"), (9, "lower feed.forget_bars (9), so")):
        feed = Feed(tmp_path / f"kept-{forget}", 2, forget)
        feed.section("AB")
        feed.section("ABC")
        assert feed.events == ["symbols_near_limit", "symbols_without_place"]
        assert all(told["advice"].startswith(advice) for _, told in feed.told)


def test_a_quarantine_that_takes_nothing_is_told_of(tmp_path: Path) -> None:
    """The section goes on all the same."""
    (tmp_path / "file").touch()
    feed = Feed(tmp_path / "file" / "kept", 1)
    assert list(feed.section("AB")) == ["A"]
    assert [told.get("kept") for event, told in feed.told if event == "symbols_without_place"] == ["False"]


markets = st.lists(
    st.tuples(st.sets(st.sampled_from("ABCDEFGH"), min_size=1).map(sorted), st.integers(1, 6)), min_size=2, max_size=12
)


@settings(deadline=None, max_examples=60)
@given(markets, st.integers(1, 7), st.one_of(st.none(), st.integers(1, 5)), st.integers(1, 3), st.data())
def test_ahead_as_live_the_same_have_a_place(
    stretches: list[tuple[list[str], int]], most: int, forget: int | None, patience: int, data: st.DataObject
) -> None:
    """Lists, members, coverage and bars, section by section, however the bars are cut into panels."""
    market = [symbols for symbols, length in stretches for _ in range(length)]
    with TemporaryDirectory() as folder:
        feed = Feed(Path(folder) / "kept", most, forget, patience)
        live = [(feed.section(symbols), feed.coverage) for symbols in market]
        kept, counters = [symbols for _, symbols in feed.kept], feed.counters.snapshot()
    call = RollCall(Conditions(patience, forget_bars=forget), most)
    ahead, homeless = list[tuple[dict[str, tuple[bool, float]], float]](), 0
    while len(ahead) < len(market):
        step = data.draw(st.integers(1, 20))
        panel, roll = call.call(panel_of(market, len(ahead), step))
        homeless += roll.homeless
        for place, (tracked, member) in enumerate(zip(roll.tracked, roll.member, strict=True)):
            assert not panel.present[place][~tracked].any()
            said = zip(panel.symbols, member.tolist(), panel.columns["close"][place].tolist(), tracked, strict=True)
            listed = {symbol: (in_it, close) for symbol, in_it, close, is_tracked in said if is_tracked}
            ahead.append((listed, float(roll.coverage[place])))
    assert str(ahead) == str(live)  # as text: NaN is NaN
    assert homeless == sum(map(len, kept))
    assert counters.get("sections_too_many_symbols", 0) == len(kept)
    assert all(len(listed) <= most for listed, _ in live)


def panel_of(market: Sequence[Sequence[str]], first: int, length: int) -> Panel:
    """The next sections as they are read from a file."""
    return Panel.from_frame(pl.DataFrame(list(rows_of(market[first : first + length], first + 1))))


def rows_of(market: Sequence[Sequence[str]], bar: int) -> Iterator[dict[str, Any]]:
    """The bars of sections as rows."""
    for number, symbols in enumerate(market, bar):
        raw = raw_section(number, {symbol: closed(number, symbol) for symbol in symbols})
        for place, symbol in enumerate(raw.symbols):
            cells = {name: float(values[place]) for name, values in raw.columns.items()}
            yield {"time": raw.time, "stamp": raw.stamp, "symbol": symbol, **cells}
