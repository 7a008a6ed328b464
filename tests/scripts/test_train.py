"""`python -m scripts.train` with spans, processors, a cache, and walking forward."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from common.market.sample import sample_market
from common.models.registry import Registry
from scripts.command import main
from scripts.models.__main__ import app as models
from scripts.train.__main__ import app as train
from tests.common.research.kept import array_of

SPANS = ("--train", "2021-01-01..2021-09-30", "--validation", "2021-10-01..2022-02-28")
TEST = ("--test", "2022-03-01..2022-07-31")
RANGE = "they run from 2021-01-04 to 2022-07-15"
FAST = ("--set", "basic", "-p", "rounds=5", "-p", "min_data_in_leaf=20")
PROCESSORS = ("--processor", "cs_norm:method=robust", "--processor", "fill_na:fill_value=0")


@pytest.fixture(scope="module")
def bars(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small sample market: 400 sections from 2021-01-04 on."""
    path = tmp_path_factory.mktemp("market") / "bars.parquet"
    sample_market(symbols=24, days=400).write_parquet(path)
    return path


def run(*arguments: object, verb: str = "train") -> int:
    """Exit status of a command run in this process."""
    app = train if verb == "train" else models
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(app, verb, [str(each) for each in arguments]))
    return int(ended.value.code or 0)


def trained(bars: Path, folder: Path, *arguments: object) -> dict[str, Any]:
    """Figures of a training that ended well."""
    out = folder / "figures.json"
    assert run(bars, "--registry", folder / "registry", "--json", out, *FAST, *arguments) == 0
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return found


def test_spans_are_scored_month_by_month(bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """IC, rank IC, ICIR and MSE of training, validation and test, and the months of the latter two."""
    found = trained(bars, tmp_path, *SPANS, *TEST)
    assert set(found["parts"]) == {"train", "valid", "test"}
    for part in found["parts"].values():
        assert (
            {"mean", "std", "icir", "t", "t_plain", "positive", "sections", "months"}
            == set(part["ic"])
            == set(part["rank_ic"])
        )
        assert part["mse"] > 0.0
    assert found["parts"]["test"]["ic"]["months"][0]["month"] == "2022-03"
    told = capsys.readouterr().err
    assert "rank_icir" in told
    assert "2022-03" in told


def test_both_kinds_of_t_are_named(bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where training prints them, and the plain one where a version is shown: its bundle holds no other."""
    found = trained(bars, tmp_path, *SPANS)["parts"]["valid"]["rank_ic"]
    told = capsys.readouterr().err
    for name, figure in (("rank_ic_t (Newey-West)", found["t"]), ("rank_ic_t (plain)", found["t_plain"])):
        row = next(line for line in told.splitlines() if name in line)
        assert f"{figure:,.4g}" in row
    assert run("show", "demo", "--registry", tmp_path / "registry", verb="models") == 0
    shown = capsys.readouterr()
    row = next(line for line in (shown.out + shown.err).splitlines() if "validation_rank_ic_t (plain)" in line)
    assert f"{found['t_plain']:,.5g}" in row


def test_few_rows_are_warned_of(bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With how many there are for each feature, and the rule; of a walk, those of the shortest stretch."""
    assert trained(bars, tmp_path, *SPANS)["rows_a_feature"] > 15
    assert "warning" not in capsys.readouterr().err
    short = pl.read_parquet(bars).filter(pl.col("symbol").is_in(pl.col("symbol").unique().sort().head(3).implode()))
    short.write_parquet(tmp_path / "short.parquet")
    spans = ("--train", "2021-07-01..2021-09-30", "--validation", "2021-10-01..2022-02-28")
    found = trained(tmp_path / "short.parquet", tmp_path, *spans, "-p", "min_data_in_leaf=5")
    rows = found["parts"]["train"]["rows"]
    told = capsys.readouterr().err
    assert found["rows_a_feature"] < 15
    assert f"{rows:,} rows to learn 24 features from are {rows / 24:.1f} a feature; below 15" in told
    assert "Harrell" in told
    walk = ("--walk-forward", "rolling", "--window", "220", "--step", "180", "-p", "min_data_in_leaf=5")
    assert trained(tmp_path / "short.parquet", tmp_path, *walk)["rows_a_feature"] < 15
    assert "a feature; below 15" in capsys.readouterr().err


def test_the_test_span_has_no_say_in_the_model(bars: Path, tmp_path: Path) -> None:
    """With it and without it, it is the same version."""
    first, again = trained(bars, tmp_path, *SPANS), trained(bars, tmp_path, *SPANS, *TEST)
    assert again["reused"]
    assert first["digest"] == again["digest"]
    assert first["scores"] == again["scores"]
    alone = trained(bars, tmp_path, *TEST)
    assert alone["history_sections"] == trained(bars, tmp_path, "--split", "2022-03-01")["history_sections"]


def test_the_newest_day_is_asked_of_and_not_judged(bars: Path, tmp_path: Path) -> None:
    """What follows it is not known: no score, and a model all the same."""
    found = trained(bars, tmp_path, "--test", "2022-07-15..2022-07-15")["parts"]["test"]
    assert (found["rows"], found["mse"], found["rank_ic"]["mean"]) == (0, None, None)
    found = trained(bars, tmp_path, "--walk-forward", "rolling", "--window", 280, "--step", 119)
    assert found["rows_a_feature"] > 0


def test_one_symbol_is_told_how_it_can_be_learnt(
    bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its rank in a section of one says nothing; the label as it is does."""
    one = tmp_path / "one.parquet"
    frame = pl.read_parquet(bars)
    frame.filter(pl.col("symbol") == frame["symbol"].mode().sort()[0]).write_parquet(one)
    few = ("--registry", tmp_path / "registry", "--set", "basic", "-p", "rounds=5", "-p", "min_data_in_leaf=2")
    assert run(one, *few, "--split", "2022-07-01") == 2
    told = " ".join(capsys.readouterr().err.split())
    assert "there is nothing to learn" in told
    assert "each section has one symbol; train it by python -m scripts.train with --learn-processor drop_na:" in told
    assert "make run and make up take such a model by MODEL=NAME" in told
    assert run(one, *few, "--split", "2022-07-01", "--learn-processor", "drop_na:names=label") == 0


def test_processors_go_into_the_bundle_and_are_verified(bars: Path, tmp_path: Path) -> None:
    """From options as from a file, in order; `verify` runs the golden inputs through them."""
    first = trained(bars, tmp_path, *PROCESSORS, "--learn-processor", "cs_norm:method=zscore,names=label")
    file = tmp_path / "processors.toml"
    file.write_text(
        '[[infer]]\nname = "cs_norm"\nmethod = "robust"\n[[infer]]\nname = "fill_na"\nfill_value = 0\n'
        '[[learn]]\nname = "cs_norm"\nmethod = "zscore"\nnames = ["label"]\n',
        encoding="utf-8",
    )
    again = trained(bars, tmp_path, "--processors", file)
    assert (first["digest"], again["reused"]) == (again["digest"], True)
    with Registry(tmp_path / "registry", clock=lambda: 1) as registry:
        manifest = registry.load(registry.version("demo").ref).manifest
    assert [each["name"] for each in manifest.processors] == ["cs_norm", "fill_na"]
    place = ("--registry", tmp_path / "registry")
    assert run("verify", "demo", *place, verb="models") == 0
    assert run("importance", "demo", *place, verb="models") == 0


def test_a_cache_is_used_and_mended(bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Damage is said, and changes no model."""
    place = ("--cache", tmp_path / "cache", *SPANS, *TEST)
    first = trained(bars, tmp_path, *place)
    (entry,) = (tmp_path / "cache").glob("*.entry")
    array_of(entry, "columns").write_bytes(b"")
    capsys.readouterr()
    assert trained(bars, tmp_path, *place, *PROCESSORS)["digest"] != first["digest"]
    told = capsys.readouterr().err
    assert "columns (" in told
    assert "is not what was written; computed again" in told
    assert trained(bars, tmp_path, *place)["parts"] == first["parts"]
    assert capsys.readouterr().err.count("warning") == 0


def test_walking_forward_writes_one_signal_and_registers_every_model(bars: Path, tmp_path: Path) -> None:
    """With the spans of each, and scores of all answers together."""
    out = tmp_path / "signals.parquet"
    walk = ("--walk-forward", "rolling", "--window", "300", "--step", "50", "--signals", out)
    found = trained(bars, tmp_path, *walk, *PROCESSORS)
    assert [model["version"] for model in found["models"]] == [1, 2]
    assert set(found["models"][0]["spans"]) == {"train", "validation", "test"}
    frame = pl.read_parquet(out)
    assert frame.columns == ["datetime", "symbol", "signal", "version"]
    assert frame.height == found["rows"]
    assert found["out_of_sample"]["rank_ic"]["sections"] > 90


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--train", "2021-01-01..2021-09-30"), "give both spans, or neither"),
        (("--train", "2021", "--validation", "2022"), "START..END"),
        (("--train", "2021-01-01..2021-09-30", "--validation", "2021-06-01..2022-02-28"), "never overlap"),
        ((*SPANS, "--test", "2022-01-01..2022-07-31"), "before the valid span"),
        ((*SPANS, "--test", "2032-01-01..2032-07-31"), f"holds none of the bars: {RANGE}"),
        (("--test", "2032-01-01..2032-07-31"), f"holds none of the bars: {RANGE}"),
        (
            ("--train", "2019-01-01..2019-12-31", *SPANS[2:]),
            f"train span (2019-01-01 to 2019-12-31) holds none of the bars: {RANGE}",
        ),
        ((*SPANS[:2], "--validation", "2032-01-01..2032-07-31"), f"holds none of the bars: {RANGE}"),
        (
            (*SPANS[:2], "--validation", "2021-10-11..2021-10-12"),
            "valid span (2021-10-11 to 2021-10-12) has 2 sections",
        ),
        ((*SPANS[:2], "--validation", "2021-10-11..2021-10-12"), "widen --train or --validation, give more bars"),
        (("--walk-forward", "rolling", "--window", "20"), "give a longer --window, give more bars"),
        (("--split", "01/31/2024"), "write 2024-01-31: year, month, day"),
        (("--test", "2024/1/2..2024/2/3"), "write 2024-01-02: year, month, day"),
        ((*SPANS, "--split", "2022-01-01"), "give one of them"),
        ((*TEST, "--split", "2022-01-01"), "give one of them"),
        (("--walk-forward", "rolling", *SPANS), "spans of its own"),
        (("--walk-forward", "rolling", "--window", "4000"), "to walk over"),
        (("--walk-forward", "forever"), "rolling"),
        (("--signals", "out.parquet"), "only walking forward"),
        (("--processor", "cs_nrom"), "did you mean 'cs_norm'"),
        (("--processor", "cs_norm:method=zscore,names=label"), "not there when a model answers"),
        (("--processor", "ts_norm", "--processors", "file.toml"), "the file names all processors"),
        (("--processors", "none.toml"), "none.toml"),
        (("--processor", "drop_na", "--processor", "cs_rank_norm:names=nothing"), "no column 'nothing'"),
        (("--processor", "drop_feature:names="), "names of drop_feature must be column names such as"),
        (("--processor", "drop_feature:names=nothing"), "processor drop_feature: there is no column 'nothing'"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_registered(
    bars: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    """One readable line, usage or input."""
    assert run(bars, "--registry", tmp_path / "registry", *FAST, *arguments) == 2
    assert told in " ".join(capsys.readouterr().err.replace("│", " ").split())
    with Registry(tmp_path / "registry", clock=lambda: 1) as registry:
        assert registry.models() == []
    assert not Path("out.parquet").exists()
