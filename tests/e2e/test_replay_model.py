"""A model that was trained by one command, replayed by another, and computed ahead by a third: the same signals."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl

from common.factors.plan import compile_set
from common.factors.sets import load_set
from common.models.registry import Registry
from common.replay.pipeline import ROOT
from tests.e2e.harness import Bench

PATIENCE_S = 300
SET = """\
label = "ts_delay(close, -4) / ts_delay(close, -1) - 1"
max_gap = 10

[factors]
steep = "ts_slope(close, 20) / close"
steep_rank = "cs_rank(steep)"
busy = "volume / ts_mean(volume, 10)"
"""
JOINED = ["datetime", "symbol"]


def command(script: str, *arguments: object) -> str:
    """What a command of ours told people; it ended well."""
    done = subprocess.run(
        [sys.executable, "-m", f"scripts.{script}", *map(str, arguments)],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_a_model_on_record_is_replayed_by_its_name(market: Bench, tmp_path: Path, run_dir: Path) -> None:
    """Of a set that only its bundle has by then: nothing is trained, and the signals have the bits of those ahead."""
    (tmp_path / "mine.toml").write_text(SET, encoding="utf-8")
    made = compile_set(load_set(str(tmp_path / "mine.toml"))).digest.hex()
    registry, out, ahead = tmp_path / "registry", tmp_path / "out", tmp_path / "ahead.parquet"
    named = ("--registry", registry)
    command("train", market.bars, "--name", "mine", "--set", tmp_path / "mine.toml", "-p", "rounds=20", *named)
    (tmp_path / "mine.toml").unlink()
    given = ("--bars", market.bars, "--out", out, "--instance", "test", *named)
    told = command("replay", *given, "--model", "mine")
    assert "model mine/1 (on record)" in told
    assert "warning" not in told

    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    assert (summary["model"]["name"], summary["model"]["version"], summary["signals"]) == ("mine", 1, {"fresh": 140})
    assert summary["rank_ic"]["mean"] is not None
    with Registry(registry, clock=lambda: 0, read_only=True) as models:
        assert [row.ref.name for row in models.models()] == ["mine"]
        assert models.resolve("test", "champion") == models.version("mine").ref
    plans = [row["digest"] for row in _logged(out / "logs" / "factor_engine.jsonl") if row["event"] == "plan"]
    assert plans == [made]

    first = summary["sections"]["first_replayed"]
    command("signals", "precompute", "mine", "--bars", market.bars, "--start", first, "--out", ahead, *named)
    live, computed = pl.read_parquet(out / "signals.parquet"), pl.read_parquet(ahead)
    both = live.join(computed, on=JOINED, how="full", suffix="_ahead", coalesce=True)
    assert both.height == live.height == computed.height > 2000
    assert both["flag"].equals(both["flag_ahead"].alias("flag"), check_dtypes=False)
    bits = both.select(pl.col("signal", "signal_ahead").fill_nan(None).to_physical()).drop_nulls()
    assert bits.height > 2000
    assert (bits["signal"].to_numpy().view("i8") == bits["signal_ahead"].to_numpy().view("i8")).all()


def _logged(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
