"""`python -m scripts.bars fetch` with ccxt's own class of an exchange, against a local server."""

from __future__ import annotations

import json
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from common.market.store import BarTable, load_bars
from common.replay.pipeline import ROOT
from common.research.lab import Lab
from tests.fetch.binance import DAY_MS, FIRST_MS, INTERVALS, Market, bar, served

PYTHON = ROOT / ".venv-fetch/bin/python"
NAME = "BTC/USDT.BINANCE"
SINCE_2021 = ("--start", "2021-01-01")


def run(host: str, *arguments: object, symbol: str = "BTC/USDT", exchange: str = "binance") -> Any:
    """The command as a user starts it, in the environment that has ccxt."""
    given = ["--exchange", exchange, "--symbol", symbol, "--host", host, *map(str, arguments)]
    environment = {name: text for name, text in os.environ.items() if not name.lower().endswith("_proxy")}
    return subprocess.run(
        [PYTHON, "-m", "scripts.bars", "fetch", *given],
        cwd=ROOT, capture_output=True, text=True, check=False, env=environment,
    )  # fmt: skip


def figures(done: Any) -> Any:
    """What it told in JSON."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["symbols"][NAME]


def expected(first: int, last: int, interval: str = "1d") -> pl.DataFrame:
    """Bars number `first` to `last` of the market as a table holds them."""
    step = INTERVALS[interval]
    rows = [bar(FIRST_MS + number * step, step) for number in range(first, last + 1)]
    numbers = ("open", "high", "low", "close", "volume")
    columns = {name: [float(row[place]) for row in rows] for place, name in enumerate(numbers, 1)}
    return pl.DataFrame({"time": [(row[0] + step) * 1_000_000 for row in rows], **columns})


def bars_of(table: BarTable) -> pl.DataFrame:
    """The rows of the one symbol."""
    assert table.rejected.is_empty()
    assert table.frame["symbol"].unique().to_list() == [NAME]
    return table.frame.drop("stamp", "symbol")


def test_a_history_is_fetched_page_by_page(tmp_path: Path) -> None:
    """All complete days of 2,500 in three pages, under their date, in UTC; the one that is forming is left out."""
    market, out = Market(), tmp_path / "btc.parquet"
    with served(market) as host:
        told = figures(run(host, *SINCE_2021, "--out", out, "--json", "-"))
    assert told == {"bars": 2500, "known": None, "refused": {}}
    assert_frame_equal(bars_of(load_bars(out)), expected(0, 2499), check_exact=True)
    assert [int(query["startTime"]) for query in market.asked] == [FIRST_MS + page * 1000 * DAY_MS for page in range(3)]
    assert pl.read_parquet_schema(out)["datetime"] == pl.Datetime("us", "UTC")


def test_a_later_run_goes_on_after_the_last_bar(tmp_path: Path) -> None:
    """What is saved is not asked for again, and the bar that was forming comes when it is complete."""
    market, out = Market(now_ms=FIRST_MS + 10 * DAY_MS + 1), tmp_path / "btc.parquet"
    with served(market) as host:
        assert figures(run(host, *SINCE_2021, "--out", out, "--json", "-"))["bars"] == 10
        assert figures(run(host, *SINCE_2021, "--out", out, "--json", "-"))["bars"] == 0
        market.now_ms += 2 * DAY_MS
        again = figures(run(host, *SINCE_2021, "--out", out, "--json", "-"))
    assert again == {"bars": 2, "known": "2021-01-11 00:00:00", "refused": {}}
    assert [int(query["startTime"]) for query in market.asked] == [FIRST_MS, FIRST_MS + 10 * DAY_MS]
    assert_frame_equal(bars_of(load_bars(out)), expected(0, 11), check_exact=True)


def test_a_span_and_shorter_bars(tmp_path: Path) -> None:
    """From a time to the end of a day; bars within the day are stamped at their close."""
    market, out = Market(), tmp_path / "btc.parquet"
    with served(market) as host:
        span = ("--start", "2021-01-02 12:00", "--end", "2021-01-03", "--interval", "15min")
        assert figures(run(host, *span, "--out", out, "--json", "-"))["bars"] == 144
    table = load_bars(out)
    assert (table.interval_ns, table.stamped) == (900 * 10**9, "close")
    assert_frame_equal(bars_of(table), expected(144, 287, "15m"), check_exact=True)


def test_a_lab_takes_them_and_goes_on(tmp_path: Path) -> None:
    """Days and minutes, each after its own last bar."""
    market, lab = Market(now_ms=FIRST_MS + 3 * DAY_MS), tmp_path / "lab"
    with served(market) as host:
        for passed, days in ((0, 3), (DAY_MS, 1)):
            market.now_ms += passed
            assert figures(run(host, *SINCE_2021, "--lab", lab, "--json", "-"))["bars"] == days
        minutes = ("--start", "2021-01-04 23:00", "--interval", "1min", "--lab", lab, "--json", "-")
        assert figures(run(host, *minutes))["bars"] == 60
    held = Lab(lab, clock=lambda: 0, author="t")
    assert (held.list_bar_symbols("d"), held.list_bar_symbols("1m")) == ([NAME], [NAME])
    assert held.load_bar_df([NAME], "d")["close"].to_list() == expected(0, 3)["close"].to_list()


def test_minutes_without_a_trade_are_gone_on_with(tmp_path: Path) -> None:
    """Only some even ones are there: they are minutes all the same, and the next run asks for minutes."""
    untraded = frozenset({1, 3, 4, 5, 7, 9})
    market, out = Market(now_ms=FIRST_MS + 10 * 60_000, untraded=untraded), tmp_path / "btc.parquet"
    asked = (*SINCE_2021, "--interval", "1min", "--out", out, "--json", "-")
    with served(market) as host:
        assert figures(run(host, *asked))["bars"] == 4
        market.now_ms += 5 * 60_000
        assert figures(run(host, *asked))["bars"] == 5
    assert bars_of(load_bars(out)).height == 9


def test_two_commands_fill_one_file(tmp_path: Path) -> None:
    """Side by side, a symbol each: nobody's bars are lost."""
    out = tmp_path / "both.parquet"
    with served(Market()) as host, ThreadPoolExecutor(2) as pool:
        asked = [
            pool.submit(run, host, *SINCE_2021, "--out", out, symbol=symbol) for symbol in ("BTC/USDT", "ETH/USDT")
        ]
        assert [each.result().returncode for each in asked] == [0, 0]
    table = load_bars(out)
    assert dict(table.frame.group_by("symbol").len().iter_rows()) == {NAME: 2500, "ETH/USDT.BINANCE": 2500}
    assert list(tmp_path.iterdir()) == [out]


def test_an_error_in_the_middle_keeps_what_came(tmp_path: Path) -> None:
    """The exchange's own words, how much is saved, and the next run goes on from there."""
    refused = (400, {"code": -1121, "msg": "Invalid symbol."})
    market, out = Market(failures={2: refused}), tmp_path / "btc.parquet"
    with served(market) as host:
        failed = run(host, *SINCE_2021, "--out", out)
        assert failed.returncode == 1
        for words in ("binance, BTC/USDT from 2023-09-28", "BadSymbol", "1,000 bars", "run it again"):
            assert words in failed.stderr
        assert_frame_equal(bars_of(load_bars(out)), expected(0, 999), check_exact=True)
        assert figures(run(host, *SINCE_2021, "--out", out, "--json", "-"))["bars"] == 1500
    assert_frame_equal(bars_of(load_bars(out)), expected(0, 2499), check_exact=True)


def test_a_passing_failure_is_tried_again(tmp_path: Path) -> None:
    """One overloaded answer stops nobody."""
    market, out = (
        Market(failures={1: (503, {"code": -1001, "msg": "Internal error; unable to process your request."})}),
        tmp_path / "btc.parquet",
    )
    with served(market) as host:
        assert figures(run(host, *SINCE_2021, "--out", out, "--json", "-"))["bars"] == 2500
    assert len(market.asked) == 4


@pytest.mark.parametrize("kind", ["too many", "away"])
def test_what_an_exchange_says_is_named(kind: str, tmp_path: Path) -> None:
    """A ban for too many questions, or nobody there at all; nothing is written."""
    busy = (429, {"code": -1003, "msg": "Too many requests."})
    market, out = Market(failures=dict.fromkeys(range(1, 9), busy)), tmp_path / "btc.parquet"
    with served(market) as host:
        done = run(host, *SINCE_2021, "--out", out) if kind == "too many" else None
    done = done or run(host, *SINCE_2021, "--out", out)
    assert done.returncode == 1
    assert ("DDoSProtection" if kind == "too many" else "binance, its markets: NetworkError") in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("asked", "arguments", "words"),
    [
        ({"exchange": "binanse"}, ["--out", "x.parquet"], "did you mean 'binance'?"),
        ({"symbol": "BTC/USD"}, ["--out", "x.parquet"], "did you mean 'BTC/USDT'?"),
        ({}, ["--out", "x.parquet", "--interval", "10min"], "no bars of '10min'"),
        ({}, ["--out", "x.parquet", "--interval", "1month"], "interval '1month'"),
        ({}, ["--lab", "lab", "--interval", "15min"], "a lab holds days and minutes"),
        ({}, [], "say where to"),
        ({}, ["--out", "x.parquet", "--end", "2020-01-01"], "ends before it starts"),
    ],
)
def test_a_wrong_question_is_answered_before_anything_is_written(
    asked: dict[str, str], arguments: list[str], words: str, tmp_path: Path
) -> None:
    """With what would be right."""
    with served(Market()) as host:
        places = [str(tmp_path / each) if each in {"x.parquet", "lab"} else each for each in arguments]
        done = run(host, *SINCE_2021, *places, **asked)
    assert done.returncode != 0
    assert words in " ".join(done.stderr.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []
