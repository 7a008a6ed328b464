"""Models that vnpy itself trained, exported by the shipped exporter under vnpy's Python, and taken over."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from common.factors.sets import load_set
from common.market.constituents import load_constituents
from common.market.membership import Membership
from common.market.sample import sample_market
from common.market.store import load_bars
from common.models.processed import load_processed
from common.models.registry import Registry
from common.research.migration.candidate import SAME as SAME_ANSWERS
from tests.parity.asking import PYTHON
from tests.parity.migrating import EXPORTER, SETTINGS, as_vnpy, make_lab, migrated, request, run

KEYS = ("datetime", "vt_symbol")
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
NORM = [
    "infer",
    "process_robust_zscore_norm",
    dict(zip(["fit_start_time", "fit_end_time"], PERIODS["train"], strict=True)),
]
SECTIONS = [
    ["infer", "process_cs_fill_na", {}],
    ["infer", "process_cs_norm", {"method": "zscore"}],
    ["learn", "process_cs_norm", {"names": ["label"], "method": "zscore"}],
]


def good_bars(folder: Path) -> pl.DataFrame:
    """The sample market without its bad rows, as vnpy's lab has bars."""
    sample_market(symbols=40, days=500).write_parquet(folder / "sample.parquet")
    return as_vnpy(load_bars(folder / "sample.parquet").frame, ".SSE")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with vnpy's lab, and everything in it exported."""
    folder = tmp_path_factory.mktemp("vnpy")
    bars = good_bars(folder)
    stays = {
        symbol: [["2021-01-01", "2021-09-30" if place % 4 == 0 else "2030-01-01"]]
        for place, symbol in enumerate(bars["vt_symbol"].unique().sort())
        if place != 7
    }
    told = {
        "same": request(PERIODS, SAME),
        "odd": request(PERIODS, ODD, members=stays),
        "normed": request(PERIODS, SAME, NORM),
        "sections": request(PERIODS, SAME, *SECTIONS),
    }
    return make_lab(folder, bars, told)


@pytest.mark.parametrize("kind", SETTINGS)
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


@pytest.mark.parametrize("kind", SETTINGS)
def test_a_model_behind_a_normaliser_of_its_training_span_is_registered(made: Path, kind: str) -> None:
    """Fitted here on the same rows, medians and spreads are vnpy's own."""
    status, found, _ = migrated(made, f"normed-{kind}")
    assert (status, found["holds"], found["culprits"]) == (0, True, [])
    assert found["processors_alone"]["largest"] < 1e-6
    assert found["coverage"]["share"] > 0.95


@pytest.mark.parametrize("kind", SETTINGS)
def test_processors_of_sections_are_vnpys_own(made: Path, kind: str, report: Callable[[str], None]) -> None:
    """Filled and scaled by the section; only where a symbol has no full look-back yet its section is another one."""
    _, found, _ = migrated(made, f"sections-{kind}", "--beyond", "1")
    alone = found["processors_alone"]
    report(f"migration, sections, {kind}: {100 * alone['beyond']:.2f} % move, the median by {alone['median']:.2g}")
    assert (found["holds"], alone["unanswered"], alone["median"] < 1e-6) == (True, 0, True)


def test_networks_answer_as_vnpys_own_to_the_tolerance_that_is_stated(
    made: Path, report: Callable[[str], None]
) -> None:
    """On vnpy's own features: 64 bits where vnpy has 32, and nothing else; trees and sums have vnpy's own bits."""
    for name in ("same", "normed", "sections"):
        moved = migrated(made, f"{name}-mlp", "--dry-run", "--beyond", "1")[1]["arithmetic_alone"]["largest"]
        report(f"migration, {name}-mlp: our arithmetic moves a prediction by at most {moved:.2g} deviations")
        assert 0.0 < moved < SAME_ANSWERS
    assert migrated(made, "same-lgb", "--dry-run")[1]["arithmetic_alone"]["largest"] == 0.0
    assert migrated(made, "same-lasso", "--dry-run")[1]["arithmetic_alone"]["largest"] < 1e-12


@pytest.mark.parametrize("kind", SETTINGS)
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


def test_members_as_of_a_bar_are_those_vnpys_filter_left(made: Path) -> None:
    """Bar by bar, those that the feed makes of the file are the rows of vnpy's own frame."""
    file, export = made / "members.csv", made / "lab" / "export" / "migration" / "odd-lgb"
    migrated(made, "odd-lgb", "--members-out", file)
    theirs = pl.read_parquet(export / "raw.parquet").select(KEYS)
    loaded = pl.read_parquet(export / "loaded.parquet").select(KEYS).sort("datetime")
    membership, found = Membership(constituents=load_constituents(file)), []
    for (stamp,), rows in loaded.group_by("datetime", maintain_order=True):
        here = rows["vt_symbol"].to_list()
        roll = membership.observe(here, int(pl.Series([stamp]).dt.timestamp("ns").item()))
        found += [
            (stamp, name) for name, member in zip(roll.tracked, roll.member, strict=True) if member & (name in here)
        ]
    assert theirs.height < loaded.height
    assert sorted(found) == sorted(theirs.rows())


def test_what_the_exporter_cannot_find_is_named(made: Path) -> None:
    """With what there is."""
    done = run(PYTHON, EXPORTER, made / "lab", "--dataset", "same", "--model", "nobody", folder=made)
    assert done.returncode == 2
    assert "there is normed-lasso, normed-lgb, normed-mlp, odd-lasso" in done.stderr
