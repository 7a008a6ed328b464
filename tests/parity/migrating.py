"""A vnpy lab with models vnpy itself trained, everything exported by the shipped exporter, and the command over it."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from common.factors.sets import load_set
from tests.parity.asking import PYTHON, ROOT

EXPORTER = ROOT / "exporters" / "vnpy_model.py"
MAKER = ROOT / "tests" / "parity" / "model_maker.py"
FILL = ["infer", "process_fill_na", {"fill_value": 0, "fill_label": False}]
DROP = ["learn", "process_drop_na", {"names": ["label"]}]
SETTINGS: Mapping[str, dict[str, Any]] = {
    "lgb": {"num_boost_round": 40, "early_stopping_rounds": 1000, "seed": 1},
    "lasso": {"alpha": 1e-5},
    "mlp": {"hidden_sizes": [16, 8], "n_epochs": 80, "batch_size": 500, "seed": 1},
}
"""vnpy's models, and what each is told; a network also how many features there are."""


def run(*command: object, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A program, with its words."""
    return subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)


def as_vnpy(bars: pl.DataFrame, ending: str) -> pl.DataFrame:
    """Good bars, as `load_bars` gives them, in the columns of vnpy's lab: both sides have the same."""
    stamp = pl.col("stamp").cast(pl.Datetime("ns")).dt.cast_time_unit("us").alias("datetime")
    symbol = (pl.col("symbol") + ending).alias("vt_symbol")
    columns = ("open", "high", "low", "close", "volume", "turnover")
    return bars.select(stamp, symbol, *columns, open_interest=pl.lit(0.0)).sort("vt_symbol", "datetime")


def request(
    periods: Mapping[str, list[str]],
    factors: Mapping[str, str],
    *infer: list[Any],
    members: Mapping[str, Any] | None = None,
    kinds: Sequence[str] = tuple(SETTINGS),
    interval: str = "d",
    extended_days: int = 60,
) -> dict[str, Any]:
    """What the maker is told of one dataset."""
    return {
        "periods": periods,
        "interval": interval,
        "extended_days": extended_days,
        "factors": factors,
        "label": load_set("alpha158").label,
        "processors": [*infer, FILL, DROP],
        "members": members or {},
        "models": {kind: SETTINGS[kind] | ({"input_size": len(factors)} if kind == "mlp" else {}) for kind in kinds},
    }


def make_lab(folder: Path, bars: pl.DataFrame, told: Mapping[str, Mapping[str, Any]]) -> Path:
    """Have vnpy make FOLDER/lab, and export every model of it."""
    (folder / ".vntrader").mkdir(parents=True)
    bars.write_parquet(folder / "bars.parquet")
    (folder / "request.json").write_text(json.dumps(told), encoding="utf-8")
    done = run(PYTHON, MAKER, folder, folder=folder)
    assert done.returncode == 0, done.stderr[-4000:]
    for name in told:
        for kind in told[name]["models"]:
            model = f"{name}-{kind}"
            wrote = run(PYTHON, EXPORTER, "lab", "--dataset", name, "--model", model, folder=folder)
            assert (wrote.returncode, wrote.stdout) == (0, f"lab/export/migration/{model}\n"), wrote.stderr
    return folder


def migrated(made: Path, model: str, *arguments: object) -> tuple[int, dict[str, Any], str]:
    """Exit status, figures and words of the command."""
    out = made / f"{model}.json"
    place = ("--registry", made / "registry", "--json", out)
    export = made / "lab" / "export" / "migration" / model
    done = run(sys.executable, "-m", "scripts.migrate", export, "--name", model, *place, *arguments)
    assert done.returncode in {0, 1}, done.stderr
    return done.returncode, json.loads(out.read_text(encoding="utf-8")), done.stderr
