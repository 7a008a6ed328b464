"""Bars that are wrong or odd, through feed and engine: inputs B13 to B23, and what comes of each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import structlog

from alphabus.columns import MAX_SYMBOLS
from alphabus.messages import Factors, Mode
from alphabus.testing import day_ns
from common.config import make_config
from common.counters import Counters
from common.factors.plan import compile_set
from common.factors.sets import load_set
from common.market.checks import Reason
from common.market.inspection import inspect
from common.market.membership import CROWDED, Membership
from common.market.store import load_bars
from services.bar_feed.admission import Refusal
from services.bar_feed.alignment import Alignment
from services.bar_feed.arrivals import Arrivals
from services.bar_feed.complaints import Complaints
from services.bar_feed.places import Places
from services.bar_feed.quarantine import Quarantine
from services.bar_feed.sources import RawSection, Source
from services.bar_feed.sources.replay import ReplaySource
from services.factor_engine.desk import Desk
from tests.services.markets import raw_section

HEADER = "datetime,symbol,open,high,low,close,volume"
DAYS, ODD, HOUR_NS = 290, 280, 3_600_000_000_000
NAMES = ("A", "B", "C")
PLAN = compile_set(load_set("basic"))

Cells = dict[str, Any]


def price(day: int, symbol: str) -> float:
    """A close that moves a little."""
    return 10.0 + NAMES.index(symbol[0]) + (day * 7 + ord(symbol[0])) % 5 / 10


def bar(day: int, symbol: str, **cells: Any) -> str:
    """A line of the file; cells that are named hold something else."""
    close = price(day, symbol)
    stamp = str(np.datetime64("2024-01-01") + day)
    usual: Cells = {"datetime": stamp, "symbol": symbol, "open": close, "high": close + 1, "low": close - 1}
    return ",".join(str(cell) for cell in (usual | {"close": close, "volume": 100.0 + day} | cells).values())


def lines(odd: Mapping[tuple[int, str], Sequence[str]]) -> list[str]:
    """All bars of the market by day and symbol, with these in the place of some."""
    return [
        line for day in range(DAYS) for name in NAMES for line in odd.get((day, name), [bar(day, name)])
    ]  # fmt: skip


def told(**cells: Any) -> list[str]:
    """The market, where one bar of A holds these cells."""
    return lines({(ODD, "A"): [bar(ODD, "A", **cells)]})


def all_prices(value: Any) -> Cells:
    """The same in all four."""
    return dict.fromkeys(("open", "high", "low", "close"), value)


def since(day: int, cells: Callable[[int], Cells]) -> list[str]:
    """The market, where the bars of A hold these cells from a day on."""
    return lines({(each, "A"): [bar(each, "A", **cells(each))] for each in range(day, DAYS)})


@dataclass(frozen=True, slots=True)
class Live:
    """A source that hands over these sections; its clock stands behind the last day of the market."""

    sections: Sequence[RawSection]
    mode: Mode = Mode.LIVE

    def history(self, _after: int) -> Iterator[RawSection]:
        """The market but for its last ten days."""
        return (section(day) for day in range(1, ODD))

    def live(self, _after: int) -> Iterator[RawSection]:
        """What was scripted, then one more good section."""
        yield from self.sections
        yield section(ODD + 1)

    def now(self, _ahead_ns: int) -> int:
        """The day after the last."""
        return day_ns(DAYS)

    def facts(self) -> Mapping[str, Any]:
        """None."""
        return {}


def section(day: int, symbols: Sequence[str] = NAMES, time: int | None = None) -> RawSection:
    """A section of these symbols; one that closes at `time` where that is given."""
    made = raw_section(day, {name: price(day, name) for name in symbols})
    return made if time is None else RawSection(time, time - 1, made.symbols, made.columns)


@dataclass(frozen=True, slots=True)
class Case:
    """An input by its number: lines of a file or sections of a live source, and what refuses it; None: it is legal."""

    number: int
    name: str
    given: Sequence[str] | Sequence[RawSection]
    refused: str | None
    undefined: frozenset[str] = frozenset()
    """Factors of A that have no value in the end, as what they divide by is 0: NaN, never infinite."""


CROWD = [f"C{number:05d}" for number in range(MAX_SYMBOLS - len(NAMES) + 1)]
THOUSANDS = [f"C{number:05d}" for number in range(50_000)]

FLAT = frozenset({"position_20", "fit_20", "price_volume_20"})
IDLE = frozenset({"volume_ratio_5", "volume_ratio_20"})

CASES = [
    Case(13, "NaN", told(close="NaN"), Reason.MISSING_PRICE),
    Case(13, "infinite", told(high="inf"), Reason.NOT_FINITE),
    Case(13, "-0.0 for a price", told(**all_prices("-0.0")), Reason.NOT_POSITIVE_PRICE),
    Case(13, "-0.0 for a volume", told(volume="-0.0"), None),
    Case(13, "denormal price", told(**all_prices("5e-324")), Reason.OUT_OF_RANGE),
    Case(13, "denormal volume", told(volume="5e-324"), None),
    Case(13, "1e308 for prices", told(**all_prices("1e308")), Reason.OUT_OF_RANGE),
    Case(13, "1e308 for a volume", told(volume="1e308"), Reason.OUT_OF_RANGE),
    Case(14, "low above high", told(low=20, high=5), Reason.CROSSED_OHLC),
    Case(14, "close above high", told(close=90), Reason.CROSSED_OHLC),
    Case(15, "price of 0", told(low=0), Reason.NOT_POSITIVE_PRICE),
    Case(15, "negative price", told(low=-1), Reason.NOT_POSITIVE_PRICE),
    Case(15, "negative volume", told(volume=-1), Reason.NEGATIVE_VOLUME),
    Case(16, "the same bar twice", lines({(ODD, "A"): [bar(ODD, "A")] * 2}), Reason.DUPLICATE),
    Case(16, "two bars of one time", lines({(ODD, "A"): [bar(ODD, "A"), bar(ODD, "A", volume=1)]}), Reason.CONFLICT),
    Case(17, "lines of a file", lines({})[::-1], None),
    Case(17, "sections", [section(ODD), section(ODD - 2)], Refusal.OVERTAKEN),
    Case(18, "after the next", [section(ODD), section(ODD, time=day_ns(ODD) - 1)], Refusal.OVERTAKEN),
    Case(18, "the same time again", [section(ODD), section(ODD)], Refusal.OVERTAKEN),
    Case(19, "future", [section(DAYS + 1)], Refusal.FUTURE),
    Case(19, "wrong zone", [section(DAYS, time=day_ns(DAYS) + 8 * HOUR_NS)], Refusal.FUTURE),
    Case(19, "ns for ms", [section(ODD, time=day_ns(ODD) * 1_000)], Refusal.FUTURE),
    Case(19, "ms for ns", [section(ODD, time=day_ns(ODD) // 1_000_000)], Refusal.OVERTAKEN),
    Case(20, "missing symbol", lines({(ODD, "A"): []}), None),
    Case(20, "partial section", [section(ODD, ("B",))], None),
    Case(21, "unknown symbol", [section(ODD, (*NAMES, "CX"))], None),
    Case(21, "delisted symbol", lines({(day, "A"): [] for day in range(40, DAYS)}), None),
    Case(21, "delisted and back", lines({(day, "A"): [] for day in range(40, ODD)}), None),
    Case(21, "doubled symbol", lines({(ODD, "B"): [bar(ODD, "B"), bar(ODD, "B", volume=3)]}), Reason.CONFLICT),
    Case(22, "0 symbols", [section(ODD, ())], None),
    Case(22, "50,000 symbols", [section(ODD, THOUSANDS)], None),
    Case(22, "more symbols than there are places", [section(ODD, CROWD)], CROWDED),
    Case(23, "jump of 90 % down", since(ODD, lambda day: all_prices(price(day, "A") / 10)), None),
    Case(23, "jump of 90 % up", since(ODD, lambda day: all_prices(price(day, "A") * 1.9)), None),
    Case(23, "flat line", since(10, lambda _: all_prices(10.0) | {"volume": 100}), None, FLAT),
    Case(23, "flat line without trade", since(10, lambda _: all_prices(10.0) | {"volume": 0}), None, FLAT | IDLE),
]


@dataclass(frozen=True, slots=True)
class Came:
    """What came of an input: reasons in the quarantine, and the sections of factors."""

    refused: list[str]
    factors: list[Factors]


def through(given: Sequence[str] | Sequence[RawSection], folder: Path) -> Came:
    """Source, feed and engine, as they are put together."""
    rows, sections = folder / "rows.jsonl", folder / "sections.jsonl"
    source = source_of(given, folder, rows)
    membership, quarantine, desk = Membership(20), Quarantine(sections), Desk(PLAN)
    complaints = Complaints(structlog.get_logger(), lambda *_, **__: None)
    places = Places(membership, None, quarantine, Counters(), complaints)
    alignment, arrivals = Alignment(membership), Arrivals(source, 0, quarantine, lambda *_: None, places.seat)
    factors, symbols = list[Factors](), tuple[str, ...]()
    while due := arrivals.pull(0):
        universe, bars = alignment.align(due[1], b"j" * 16, len(factors) + 1, due[0])
        symbols = symbols if universe is None else universe.symbols
        factors.append(desk.update(bars, symbols))
    kept = [path.read_text(encoding="utf-8").splitlines() for path in (rows, sections) if path.exists()]
    return Came([json.loads(line)["reason"] for part in kept for line in part], factors)


def source_of(given: Sequence[Any], folder: Path, quarantine: Path) -> Source:
    """A file where lines are given, else a live source."""
    if not isinstance(given[0], str):
        return Live(given)
    path = folder / "bars.csv"
    path.write_text("\n".join([HEADER, *given]) + "\n", encoding="utf-8")
    values = {"instance": "test", "state": str(folder), "feed": {"source": {"bars": str(path)}}}
    config = make_config(values, "the test")
    return ReplaySource(config.feed.source, quarantine)


def test_every_number_has_its_cases() -> None:
    """The catalogue's numbers of bars and sections, each name once."""
    assert {case.number for case in CASES} == set(range(13, 24))
    assert len({(case.number, case.name) for case in CASES}) == len(CASES)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Came]:
    """The market without anything odd, from a file and live."""
    made: dict[str, Sequence[str] | Sequence[RawSection]] = {"file": lines({}), "live": [section(ODD)]}
    return {kind: through(given, tmp_path_factory.mktemp(kind)) for kind, given in made.items()}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"B{case.number}: {case.name}")
def test_what_comes_of_it(case: Case, good: Mapping[str, Came], tmp_path: Path) -> None:
    """Refused once, with its reason, and kept; or legal. Factors are finite but where a flat line leaves none."""
    came = through(case.given, tmp_path)
    assert came.refused == ([] if case.refused is None else [case.refused])
    undefined = {name for factors in came.factors for name in undefined_in(factors)}
    assert undefined == case.undefined
    assert came.factors[-1].columns["warm"].any()
    expected = good["file" if isinstance(case.given[0], str) else "live"]
    assert len(came.factors) == len(expected.factors) - (isinstance(case.refused, Refusal) and len(case.given) == 1)


def undefined_in(factors: Factors) -> Iterator[str]:
    """Factors that are not finite for somebody who is present and warm; none is ever infinite."""
    known = (factors.columns["present"] == 1) & (factors.columns["warm"] == 1)
    for name in PLAN.names:
        values = factors.columns[name][known]
        assert not np.isinf(values).any(), (factors.bar, name)
        if np.isnan(values).any():
            yield name


@pytest.mark.parametrize(
    ("name", "column", "bars"), [("jump of 90 % down", "jumps", 1), ("flat line", "flat", DAYS - 10)]
)
def test_a_look_at_the_bars_tells_of_what_is_odd(name: str, column: str, bars: int, tmp_path: Path) -> None:
    """The pipeline takes it as it is; `bars check` counts it for its symbol, and for no other."""
    path = tmp_path / "bars.csv"
    [given] = [case.given for case in CASES if case.name == name]
    path.write_text("\n".join([HEADER, *map(str, given)]) + "\n", encoding="utf-8")
    found = inspect(load_bars(path)).symbols
    assert dict(found.select("symbol", column).iter_rows()) == {"A": bars, "B": 0, "C": 0}
