"""The signals script: a file the cache takes, figures on request, truthful exit statuses."""

import json
from pathlib import Path

import polars as pl
import pytest

from common.market.sample import sample_market
from common.market.span import Span
from common.market.store import load_bars
from common.models.registry import Registry
from common.research.precompute_file import read_precomputed
from common.research.recipe import Recipe
from common.research.training import train_or_reuse
from scripts.command import main
from scripts.signals import app
from tests.services.cluster import toy_registry
from tests.services.markets import TOY_SET

LATE = "2021-04-20"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars, a model, and a file of members."""
    folder = tmp_path_factory.mktemp("signals")
    sample_market(symbols=20, days=90).write_parquet(folder / "bars.parquet")
    (folder / "members.csv").write_text("symbol,from,to\nS0001,2021-02-01,\nS0002,2021-01-04,2021-03-31\n", "utf-8")
    toy_registry(folder / "registry")
    history = load_bars(folder / "bars.parquet").frame.filter(pl.col("stamp") < Span.of(LATE, None).first)
    with Registry(folder / "registry", clock=lambda: 0) as registry:
        train_or_reuse(history, Recipe("own", TOY_SET, kind="linear"), registry, author="test")
    return folder


def status(*arguments: object) -> object:
    """The exit status of the script, whether it returns or exits."""
    try:
        return main(app, "signals", [str(each) for each in arguments])
    except SystemExit as ended:
        return ended.code


def given(folder: Path, *more: object, model: str = "demo") -> list[object]:
    """The arguments of every call."""
    return [
        "precompute", model, "--bars", folder / "bars.parquet", "--registry", folder / "registry", *more,
    ]  # fmt: skip


def test_precompute_writes_a_file_the_cache_takes(folder: Path, tmp_path: Path) -> None:
    """Of one version, of members, within a span, for an instance; figures and file agree."""
    out, figures = tmp_path / "signals.parquet", tmp_path / "figures.json"
    span = ("--start", "2021-03-01", "--end", "2021-04-30", "--instance", "sp500")
    more = (*span, "--members", folder / "members.csv", "--out", out, "--json", figures)
    assert status(*given(folder, *more, model="demo/1")) == 0
    file, told = read_precomputed(out), json.loads(figures.read_text(encoding="utf-8"))
    assert (told["file"], told["left_out"]) == (str(out), [])
    assert {name: told[name] for name in file.provenance.words if name != "left_out"} == {
        name: value for name, value in file.provenance.words.items() if name != "left_out"
    }
    assert (file.provenance.instance, file.provenance.version) == ("sp500", 1)
    stamps = pl.read_parquet(out)["datetime"]
    assert str(stamps.min()) >= "2021-03-01"
    assert str(stamps.max()) < "2021-05-01"
    speak = file.rows.filter(pl.col("flag") == 0)["symbol"].unique().sort().to_list()
    assert speak == ["S0001", "S0002"]


@pytest.mark.parametrize(
    ("arguments", "outcome"),
    [
        (["--start", "2021-13-01"], (2, "no date")),
        (
            ["--start", "2031-01-01"],
            (2, "no bar in that span (2031-01-01 to the end): they run from 2021-01-04 to 2021-05-07"),
        ),
        (
            ["--end", "2001-01-01"],
            (2, "no bar in that span (the beginning to 2001-01-01): they run from 2021-01-04 to 2021-05-07"),
        ),
        (["--start", "1/31/2021"], (2, "write 2021-01-31: year, month, day")),
        (["--version", "7"], (1, "7")),
        (["--instance", "Not A Name"], (2, "instance")),
        (["--key", "nowhere.key"], (2, "nowhere.key")),
        (["--config", "nowhere.toml"], (2, "nowhere.toml")),
        (["--members", "nowhere.csv"], (2, "nowhere.csv")),
        (["--set", "alpha158"], (2, "another factor set")),
        (["--registry", "nowhere"], (1, "nowhere")),
        (["--registry", __file__], (1, "is a file; name the folder that has, or is to have, registry.sqlite")),
    ],
)
def test_what_cannot_be_used_is_named(
    arguments: list[str], outcome: tuple[int, str], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nothing is written."""
    out, (expected, said) = tmp_path / "signals.parquet", outcome
    assert status(*given(folder, "--out", out, *arguments)) == expected
    assert said in capsys.readouterr().err.replace("\n", " ")
    assert not out.exists()


def test_sections_without_values_and_within_training_are_warned_of(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With how many, where values begin, and how many bars come before; a span after both is not."""
    out, figures = tmp_path / "signals.parquet", tmp_path / "figures.json"
    assert status(*given(folder, "--out", out, "--json", figures, model="own")) == 0
    said, told = " ".join(capsys.readouterr().err.split()), json.loads(figures.read_text(encoding="utf-8"))
    rows = read_precomputed(out).rows
    speaking = rows.filter(pl.col("flag") == 0)["bar"]
    assert told["first_value"]["bar"] == speaking.min()
    assert told["without_values"] == rows["bar"].n_unique() - speaking.n_unique() > 0
    assert (
        f"warning: {told['without_values']} of 90 sections have no value for any symbol; the first is at bar "
        f"{told['first_value']['bar']}, {told['first_value']['datetime']}. The factors are warm after"
    ) in said
    assert 0 < told["in_sample"] < 90
    assert f"warning: {told['in_sample']} of 90 sections lie within what own/1 was trained" in said
    assert status(*given(folder, "--out", out, "--json", figures, "--start", LATE, model="own")) == 0
    told = json.loads(figures.read_text(encoding="utf-8"))
    assert (told["without_values"], told["in_sample"]) == (0, 0)
    assert "warning" not in capsys.readouterr().err
