"""Models that vnpy itself trained, exported by the shipped exporter under vnpy's Python, and taken over."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from common.factors.sets import load_set
from common.market.sample import sample_market
from common.market.store import load_bars
from common.models.processed import load_processed
from common.models.registry import Registry
from tests.parity.asking import PYTHON, ROOT
from tests.parity.model_maker import MODELS

EXPORTER = ROOT / "exporters" / "vnpy_model.py"
PERIODS = {
    "train": ["2021-03-01", "2021-12-31"],
    "valid": ["2022-01-01", "2022-04-30"],
    "test": ["2022-05-01", "2022-09-30"],
}
SAME = {
    "roc_5": "ts_delay(close, 5) / close",
    "std_10": "ts_std(close, 10) / close",
    "corr_10": "ts_corr(close, log(volume + 1), 10)",
    "rank": "cs_rank(close / ts_delay(close, 5))",
}
ODD = {
    **SAME,
    "cntp_10": dict(load_set("alpha158").factors)["cntp_10"],
    "window": "vwap / close",
    "decay": "ts_decay_linear(close, 5) / close",
    "choice": "quesval2(ts_delay(close, 1), close, 1, -1)",
    "mean": "cs_mean(close / ts_delay(close, 5))",
}
REASONS = {
    "cntp_10": "integer cast",
    "window": "load window",
    "decay": "reversed decay",
    "choice": "reversed choice",
    "mean": "future members",
    "rank": "future members",
}
FILL = ["infer", "process_fill_na", {"fill_value": 0, "fill_label": False}]
DROP = ["learn", "process_drop_na", {"names": ["label"]}]
NORM = [
    "infer",
    "process_robust_zscore_norm",
    dict(zip(["fit_start_time", "fit_end_time"], PERIODS["train"], strict=True)),
]
SETTINGS = {"lgb": {"num_boost_round": 40, "early_stopping_rounds": 1000, "seed": 1}, "lasso": {"alpha": 1e-5}}


def run(*command: object, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A program, with its words."""
    return subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, check=False)


def good_bars(folder: Path) -> pl.DataFrame:
    """The sample market without its bad rows, as vnpy's lab has bars: both sides have the same."""
    sample_market(symbols=40, days=500).write_parquet(folder / "sample.parquet")
    found = load_bars(folder / "sample.parquet").frame
    stamp = pl.col("stamp").cast(pl.Datetime("ns")).dt.cast_time_unit("us").alias("datetime")
    symbol = (pl.col("symbol") + ".SSE").alias("vt_symbol")
    columns = ("open", "high", "low", "close", "volume", "turnover")
    return found.select(stamp, symbol, *columns, open_interest=pl.lit(0.0)).sort("vt_symbol", "datetime")


def request(factors: dict[str, str], members: dict[str, Any], *infer: list[Any]) -> dict[str, Any]:
    """What the maker is told of one dataset."""
    return {
        "periods": PERIODS,
        "extended_days": 60,
        "factors": factors,
        "label": load_set("alpha158").label,
        "processors": [*infer, FILL, DROP],
        "members": members,
        "models": SETTINGS,
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with vnpy's lab, and everything in it exported."""
    folder = tmp_path_factory.mktemp("vnpy")
    (folder / ".vntrader").mkdir()
    bars = good_bars(folder)
    bars.write_parquet(folder / "bars.parquet")
    stays = {
        symbol: [["2021-01-01", "2021-09-30" if place % 4 == 0 else "2030-01-01"]]
        for place, symbol in enumerate(bars["vt_symbol"].unique().sort())
        if place != 7
    }
    told = {"same": request(SAME, {}), "odd": request(ODD, stays), "normed": request(SAME, {}, NORM)}
    (folder / "request.json").write_text(json.dumps(told), encoding="utf-8")
    done = run(PYTHON, ROOT / "tests" / "parity" / "model_maker.py", folder, folder=folder)
    assert done.returncode == 0, done.stderr[-4000:]
    for name in told:
        for kind in MODELS:
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


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_over_factors_both_agree_on_is_registered(made: Path, kind: str, report: Callable[[str], None]) -> None:
    """The same predictions, from our bars through our factors and processors; its golden answers are its own."""
    status, found, _ = migrated(made, f"same-{kind}")
    change = found["predictions"]["all"]
    report(f"migration, {kind}: {change['rows']:,} predictions move by at most {change['largest']:.2g} deviations")
    assert (status, found["holds"], change["beyond"], change["unanswered"]) == (0, True, 0.0, 0)
    assert change["rows"] > 10_000
    with Registry(made / "registry", clock=lambda: 1, read_only=True) as models:
        bundle = models.load(models.version(f"same-{kind}").ref)
    model, golden = load_processed(bundle), bundle.golden()
    assert model.rehearse(golden.inputs).tobytes() == golden.outputs.tobytes()
    assert bundle.manifest.training.parameters["taken_over_from"] == "vnpy 4.5.0"


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_behind_a_normaliser_of_its_training_span_is_registered(made: Path, kind: str) -> None:
    """Fitted here on the same rows, medians and spreads are vnpy's own."""
    status, found, _ = migrated(made, f"normed-{kind}")
    assert (status, found["holds"], found["culprits"]) == (0, True, [])
    assert found["processors_alone"]["largest"] < 1e-6
    assert found["coverage"]["share"] > 0.95


@pytest.mark.parametrize("kind", MODELS)
def test_a_model_over_factors_that_differ_is_refused(made: Path, kind: str) -> None:
    """Nothing is registered, and the factors that move predictions most are named."""
    status, found, told = migrated(made, f"odd-{kind}")
    assert (status, found["holds"], found["registered"]) == (1, False, None)
    assert f"What moves them most: {found['movers'][0]['factor']}" in told
    assert {each["factor"] for each in found["movers"][:3]} <= {*REASONS}


def test_every_difference_on_purpose_is_found_in_vnpys_own_numbers(made: Path, report: Callable[[str], None]) -> None:
    """Each by its name and with its number, and no value of any factor stays unexplained."""
    found = {each["factor"]: each for each in migrated(made, "odd-lgb")[1]["factors"]}
    for name, each in found.items():
        reasons = {cause["reason"] for cause in each["causes"]}
        report(f"migration, {name}: {100 * each['share']:.2f} % agree; {', '.join(sorted(reasons)) or 'all'}")
        assert REASONS.get(name) in {*reasons, None}
        assert "unexplained" not in reasons
    assert all(found[name]["share"] < 0.05 for name in REASONS)
    assert all(found[name]["share"] > 0.99 for name in ("roc_5", "std_10", "corr_10"))


def test_what_the_exporter_cannot_find_is_named(made: Path) -> None:
    """With what there is."""
    done = run(PYTHON, EXPORTER, made / "lab", "--dataset", "same", "--model", "nobody", folder=made)
    assert done.returncode == 2
    assert "there is normed-lasso, normed-lgb, odd-lasso, odd-lgb, same-lasso, same-lgb" in done.stderr
