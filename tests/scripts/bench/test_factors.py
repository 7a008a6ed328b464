"""The factors' benchmark, small: peers in processes of their own, rows in the one form, a missing peer that says so."""

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from alphabus.clock import SystemClock
from common.errors import PipelineError
from common.factors.plan import compile_set
from common.factors.sets import FactorSet
from common.market.constituents import load_constituents
from common.market.parts import open_parts
from scripts.bench import factor_asking, factor_compute, factor_histories, factor_live, tree_asking
from scripts.bench.asking import ROOT
from scripts.bench.factor_agreement import agree, agreement_row
from scripts.bench.factor_asking import ENVIRONMENTS, Missing, Peer, asked
from scripts.bench.factor_chart import write_chart
from scripts.bench.factor_compute import Shape
from scripts.bench.factor_growth import many_texts
from scripts.bench.factor_kunquant import our_name
from scripts.bench.factor_market import COLUMNS, read_market, symbols_of, write_market
from scripts.bench.factor_memory import own_memory_mb, watched
from scripts.bench.factor_peer import PEERS
from scripts.bench.factors import PARTS, Effort, measure
from scripts.bench.rows import Row

TINY = Effort(10, (16,), 90, 4, 200, (Shape(4, 30, timedelta(days=1), members=True),), 1, (16,), (10,))


def track(_what: str, _steps: int) -> Callable[[], None]:
    """Show nothing."""
    return lambda: None


@pytest.mark.e2e
@pytest.mark.long
def test_parts_are_measured(tmp_path: Path) -> None:
    """Each gives figures of ours; polars, which is always there, computes all 158 factors as we do."""
    # vnpy alone takes half a minute, even for next to nothing.
    parts = tuple(part for part in PARTS if part != "history")
    rows = {row.what: row for row in measure(tmp_path, TINY, parts, SystemClock(), track)}
    for what in (
        "live step, 16 symbols, p50",
        "live step, 16 symbols, 10% missing, p99",
        "memory a symbol, 16 symbols",
        "hold, 16 symbols, p50",
        "start to first section, 16 symbols, 1 start, p50",
        "minutes, 8 symbols x 200",
        "compute, 4 symbols x 30, members",
        "compute, 4 symbols x 30, members, memory",
        "growth, 16 symbols x 10 factors",
        "growth, 16 symbols x 158 factors, a symbol",
    ):
        assert rows[what].ours is not None, what
    assert rows["minutes, 8 symbols x 200, factors that agree"].ours == 158


def test_a_peer_that_is_not_installed_is_a_row_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the make target that installs it."""
    monkeypatch.setattr(factor_asking, "ROOT", tmp_path)
    with asked(["KunQuant stream"], tmp_path) as (peer,):
        assert isinstance(peer, Missing)
        assert peer.why == "KunQuant stream: not installed; make .venv-bench-factors/bench.stamp"


@pytest.mark.e2e
def test_a_peer_that_cannot_begin_says_why(tmp_path: Path) -> None:
    """With the last line of what it said: there is no market here."""
    with asked(["ours"], tmp_path) as (peer,):
        assert isinstance(peer, Missing)
        assert "FileNotFoundError" in peer.why


@pytest.mark.e2e
def test_a_history_gives_the_values_of_its_last_sections(tmp_path: Path) -> None:
    """From arrays and from frames alike."""
    write_market(tmp_path / "market.npy", 40, 5)
    with asked(["ours, history", "ours, frames"], tmp_path, threads=2) as peers:
        for peer in peers:
            assert isinstance(peer, Peer)
            assert len(peer.measure(1)) == 1
        arrays, frames = (peer.values(tmp_path, ["kmid", "ma_5"]) for peer in peers if isinstance(peer, Peer))
    np.testing.assert_array_equal(arrays, frames)
    assert arrays.shape == (2, 20, 5)


def test_every_peer_has_an_environment_and_every_goal_a_peer() -> None:
    """No row can be promised that nobody measures, and every lock of a benchmark is some peer's."""
    assert set(ENVIRONMENTS) == set(PEERS)
    assert {peer for _, _, peer in factor_live.GOALS} <= set(factor_live.PEERS)
    assert set(factor_histories.GOALS) | {ours for ours, _ in factor_histories.GOALS.values()} <= set(PEERS)
    locks = {lock for lock, _ in ENVIRONMENTS.values()} | set(tree_asking.ENVIRONMENTS.values())
    found = {path.stem for path in (ROOT / "requirements").glob("bench-*.lock")}
    assert found == {lock for lock in locks if lock.startswith("bench-")}


def test_bars_are_written_piece_by_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, none twice or missing, whatever the pieces; members come and go."""
    shape = Shape(7, 50, timedelta(minutes=1), members=True)
    monkeypatch.setattr(factor_compute, "ROWS_AT_A_TIME", 60)
    factor_compute.write_bars(tmp_path / "bars.parquet", shape)
    factor_compute.write_members(tmp_path / "members.csv", shape)
    bars = open_parts(tmp_path / "bars.parquet")
    rows = pl.concat([part.frame for part in bars.parts])
    assert (bars.sections, len(bars.symbols), rows.height) == (50, 7, 350)
    assert rows["close"].n_unique() == 350
    assert rows.equals(rows.sort("time", "symbol"))
    members = load_constituents(tmp_path / "members.csv", tuple(bars.symbols))
    assert {each.symbol for each in members.intervals} == bars.symbols


def test_a_disk_too_small_is_a_row_that_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written first."""
    monkeypatch.setattr(factor_compute, "ROOM_BYTES", 10**15)
    (row,) = factor_compute.measure_compute(tmp_path, (Shape(4, 30, timedelta(days=1)),), SystemClock(), track)
    assert row.peer is not None
    assert row.peer.startswith("needs 120,000,000 GB of disk")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.e2e
def test_a_computation_that_fails_gives_its_last_words(tmp_path: Path) -> None:
    """And no figure."""
    with pytest.raises(PipelineError, match=r"ended with status 2: .*nowhere"):
        factor_compute.compute(["--bars", "nowhere.parquet", "--out", str(tmp_path / "f")], tmp_path / "said.txt")


def test_the_market_is_the_same_each_time(tmp_path: Path) -> None:
    """A bar that is missing misses in all columns; highs are highs."""
    for name in ("a.npy", "b.npy"):
        write_market(tmp_path / name, 50, 20, missing=0.1)
    columns = read_market(tmp_path / "a.npy")
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    assert tuple(columns) == COLUMNS
    gone = np.isnan(columns["close"])
    assert 0.05 < gone.mean() < 0.15
    assert all(np.array_equal(np.isnan(column), gone) for column in columns.values())
    assert np.all((columns["high"] >= columns["close"]) | gone)
    assert list(symbols_of(12)) == sorted(symbols_of(12))


def test_there_are_texts_for_three_hundred_factors() -> None:
    """All different, all valid, and none but the windows changed."""
    texts = many_texts()
    assert len(texts) >= 300
    assert len(set(texts.values())) == len(texts)
    plan = compile_set(FactorSet("many", tuple(texts.items()), "ts_delay(close, -1) / close - 1"))
    assert len(plan.names) == len(texts)
    assert texts["imax_25"] == "ts_argmax(high, 25) / 25"
    assert texts["qtlu_7"] == "ts_quantile(close, 7, 0.8) / close"


@pytest.mark.parametrize(("theirs", "ours"), [("KMID2", "kmid_2"), ("STD60", "std_60"), ("OPEN0", "open_0")])
def test_kunquant_names_are_read_as_ours(theirs: str, ours: str) -> None:
    """Digits at the end stand apart with us."""
    assert our_name(theirs) == ours


def test_values_agree_to_a_millionth() -> None:
    """Where both are numbers; small ones are judged by what is usual."""
    ours = np.array([1.0, 2.0, np.nan, 1e-20])
    assert agree(ours, np.array([1.0 + 1e-9, 2.0, 5.0, 2e-20]))
    assert not agree(ours, np.array([1.0 + 1e-3, 2.0, 5.0, 1e-20]))
    assert not agree(ours, np.full(4, np.nan))
    row = agreement_row("live", np.stack([ours, ours]), "vnpy", np.stack([ours, 2 * ours]))
    assert (row.what, row.ours, row.unit) == ("live, factors that agree", 1, "of 2")


def test_memory_is_watched_while_something_works() -> None:
    """Our own process has some; one that is gone has none."""
    with watched(os.getpid()) as most:
        room = np.ones(4_000_000)
    assert most.mb > room.nbytes / 1e6 / 2
    assert own_memory_mb(2**22 + 1) == 0.0


def test_the_chart_is_a_page_of_its_own(tmp_path: Path) -> None:
    """Nothing is fetched from a network to draw it."""
    path = tmp_path / "chart.html"
    rows = [
        Row.of("live step, 16 symbols, p50", 1.0, "ms", peer="KunQuant stream", theirs=20.0),
        Row.of("growth, 16 symbols x 158 factors", 1.0, "ms", peer="memory alone", theirs=0.5),
        Row.of("growth, 16 symbols x 300 factors", 2.0, "ms", peer="memory alone", theirs=0.9),
    ]
    write_chart(path, rows)
    assert "<script src=" not in path.read_text()
    assert "KunQuant stream" in path.read_text()
    assert json.dumps("times as long as ours") in path.read_text()
