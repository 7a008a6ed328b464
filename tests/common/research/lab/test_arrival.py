"""What an import brings is in the lab whole, or not at all."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pytest

from common.atomic import replacing
from common.errors import LabError
from common.research.lab import Contract, Lab, contracts
from common.research.lab.arrival import Arrival


def bars(symbol: str, zone: str | None = None, **more: float) -> pl.DataFrame:
    """One daily bar of one symbol."""
    stamps = pl.Series("datetime", [datetime(2024, 1, 2)]).dt.replace_time_zone(zone)  # noqa: DTZ001  a date's
    numbers = {name: [10.0] for name in ("open", "high", "low", "close", "volume")}
    frame = pl.DataFrame({"datetime": stamps, "symbol": [symbol], **numbers})
    return frame.with_columns(pl.lit(value).alias(name) for name, value in more.items())


GOOD = Arrival(
    {"d": pl.concat([bars("A"), bars("B"), bars("C")]), "1m": bars("A")},
    {"INDEX": {date(2024, 1, 2): ["A"], date(2024, 1, 3): []}},
    {f"{number}.X": Contract(0, 0, 1, 0.01) for number in range(500)},
    {"momentum": bars("A")},
)


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """One that has bars of C, whose stamps have no zone."""
    made = Lab(tmp_path / "lab", clock=lambda: 1, author="tester")
    made.save_bar_data(bars("C"), "d")
    return made


def content(lab: Lab) -> dict[str, bytes]:
    """Every file of it."""
    return {str(path.relative_to(lab.root)): path.read_bytes() for path in lab.root.rglob("*") if path.is_file()}


def test_everything_is_saved(lab: Lab) -> None:
    """Bars of both lengths, members, contracts, signals; what it did to the bars is told."""
    saved = lab.take(GOOD)
    assert {name: (each.symbols, each.new) for name, each in saved.items()} == {"d": (3, 2), "1m": (1, 1)}
    assert (lab.list_bar_symbols("d"), lab.list_bar_symbols("1m")) == (["A", "B", "C"], ["A"])
    assert (lab.list_all_components(), lab.list_all_signals()) == (["INDEX"], ["momentum"])
    assert lab.load_contract_settings() == GOOD.contracts


def test_contracts_are_written_at_once(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are, the file is replaced once."""
    written: list[Path] = []

    def noted(path: Path) -> AbstractContextManager[Path]:
        written.append(path)
        return replacing(path)

    monkeypatch.setattr(contracts, "replacing", noted)
    lab.take(GOOD)
    assert written == [lab.root / "contract.json"]


@pytest.mark.parametrize(
    ("arrival", "said"),
    [
        (replace(GOOD, bars={"1m": bars("A"), "d": pl.concat([bars("A", "UTC"), bars("C", "UTC")])}), "C: its bars"),
        (replace(GOOD, bars={"1m": bars("A"), "h": bars("A")}), "interval 'h'"),
        (replace(GOOD, bars={"1m": bars("A"), "d": bars("A").drop("close")}), "lacks close"),
        (replace(GOOD, bars={"1m": bars("A"), "d": bars("x" * 101)}), "a name is"),
        (replace(GOOD, components={"INDEX": {date(2024, 1, 2): ["A"]}, "NONE": {}}), "names? nobody"),
        (replace(GOOD, signals={"momentum": bars("A"), "": bars("A")}), "a name is"),
    ],
)
def test_where_something_cannot_be_saved_nothing_is(lab: Lab, arrival: Arrival, said: str) -> None:
    """The lab is as it was, to the byte."""
    before = content(lab)
    with pytest.raises(LabError, match=said):
        lab.take(arrival)
    assert content(lab) == before


def test_a_zone_that_conflicts_at_one_symbol_saves_none_of_a_frame(lab: Lab) -> None:
    """The others come before it in the alphabet."""
    with pytest.raises(LabError, match="C: its bars on file are stamped in"):
        lab.save_bar_data(pl.concat([bars("A", "UTC"), bars("B", "UTC"), bars("C", "UTC")]), "d")
    assert lab.list_bar_symbols("d") == ["C"]


def test_adjusted_bars_and_raw_ones_live_together(lab: Lab) -> None:
    """One never adjusted has factors of 1 beside one that was; a correction keeps the factor there was."""
    lab.save_bar_data(bars("A", price_factor=3.0, share_factor=2.0), "d")
    lab.save_bar_data(bars("A").with_columns(close=pl.lit(9.5)), "d")
    found = lab.load_bar_df(["A", "C"], "d").select("symbol", "close", "price_factor", "share_factor").rows()
    assert found == [("A", 9.5, 3.0, 2.0), ("C", 10.0, 1.0, 1.0)]
    assert "price_factor" not in lab.load_bar_df(["C"], "d").columns


def test_a_span_may_begin_at_a_midnight_that_the_clocks_skip(lab: Lab) -> None:
    """Its day is the first of it."""
    days = pl.concat([bars("Z").with_columns(datetime=datetime(2018, 11, day)) for day in (3, 4, 5)])  # noqa: DTZ001  dates
    zone = "America/Sao_Paulo"
    skipped = pl.Series([datetime(2018, 11, 3), datetime(2018, 11, 4, 1), datetime(2018, 11, 5)])  # noqa: DTZ001  local
    lab.save_bar_data(days.with_columns(datetime=skipped.dt.replace_time_zone(zone)), "d")
    assert lab.load_bar_df(["Z"], "d", "2018-11-04")["datetime"].dt.day().to_list() == [4, 5]
    assert lab.load_bar_df(["Z"], "d", "2018-11-04", "2018-11-04")["datetime"].dt.day().to_list() == [4]
