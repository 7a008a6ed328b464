"""Models that vnpy trained on bars of minutes: exported, their bars imported, and taken over."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from common.market.store import load_bars
from tests.parity.migrating import SETTINGS, as_vnpy, make_lab, migrated, run
from tests.parity.migrating import request as told_of

ZONE = "America/New_York"
FACTORS = {
    "roc_5": "ts_delay(close, 5) / close",
    "std_10": "ts_std(close, 10) / close",
    "corr_10": "ts_corr(close, log(volume + 1), 10)",
    "rank": "cs_rank(close / ts_delay(close, 5))",
    "mean_30": "ts_mean(close, 30) / close",
    "range": "(ts_max(high, 20) - ts_min(low, 20)) / close",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A file of bars, the minutes of one, and vnpy's periods: their ends are midnights."""

    file: str
    minutes: int
    periods: dict[str, list[str]]


CASES = {
    "1min": Case(
        "us_equity_1min_2019feb.parquet",
        1,
        {
            "train": ["2019-02-11", "2019-02-14"],
            "valid": ["2019-02-14", "2019-02-15"],
            "test": ["2019-02-15", "2019-02-16"],
        },
    ),
    "15min": Case(
        "us_equity_15min_2019jan_feb.parquet",
        15,
        {
            "train": ["2019-01-04", "2019-02-01"],
            "valid": ["2019-02-01", "2019-02-08"],
            "test": ["2019-02-08", "2019-02-16"],
        },
    ),
}


def normaliser(case: Case) -> list[object]:
    """Fitted on the training span."""
    span = dict(zip(["fit_start_time", "fit_end_time"], case.periods["train"], strict=True))
    return ["infer", "process_robust_zscore_norm", span]


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    """Either of the files."""
    return CASES[request.param]


@pytest.fixture(scope="module")
def made(case: Case, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lab of real bars, under the stamps of their opens, and every model of it exported."""
    data = os.environ.get("ALPHABUS_DATA")
    if not data:
        pytest.skip("ALPHABUS_DATA is not set: the bars of minutes are not there to be read")
    bars = as_vnpy(load_bars(Path(data) / case.file, zone=ZONE).frame, ".NASDAQ")
    opened = bars.with_columns(pl.col("datetime") - pl.duration(minutes=case.minutes))
    told = told_of(case.periods, FACTORS, normaliser(case), interval="1m", extended_days=0)
    return make_lab(tmp_path_factory.mktemp("minutes"), opened, {"same": told})


@pytest.mark.parametrize("kind", SETTINGS)
def test_a_model_of_minutes_is_registered(case: Case, made: Path, kind: str, report: Callable[[str], None]) -> None:
    """From the minutes of its lab, though there are days beside them; every row is compared that has a look-back."""
    days = pl.read_parquet(made / "bars.parquet").group_by(pl.col("datetime").dt.truncate("1d"), "vt_symbol").last()
    for (symbol,), rows in days.group_by("vt_symbol"):
        rows.drop("vt_symbol").write_parquet(made / "lab" / "daily" / f"{symbol}.parquet")
    status, found, _ = migrated(made, f"same-{kind}", "--zone", ZONE, "--compared", "0.9")
    change = found["predictions"]["all"]
    report(f"migration, {case.minutes} min, {kind}: {change['rows']:,} predictions, at most {change['largest']:.2g}")
    assert (status, found["holds"], change["unanswered"], found["rejected"]) == (0, True, 0, {})
    assert not [each for each in found["factors"] if "unexplained" in {cause["reason"] for cause in each["causes"]}]


def test_imported_minutes_give_the_same_model(made: Path) -> None:
    """They are stamped at their close from then on, in their own zone; it is the same version that comes of them."""
    from_lab = migrated(made, "same-lgb", "--zone", ZONE)[1]
    bars = made / "imported.parquet"
    for path in (made / "lab" / "daily").iterdir():
        path.unlink()
    done = run(sys.executable, "-m", "scripts.bars", "import", made / "lab", "--zone", ZONE, "--out", bars)
    assert done.returncode == 0, done.stderr
    from_file = migrated(made, "same-lgb", "--bars", bars)[1]
    assert from_file["registered"] == from_lab["registered"]
