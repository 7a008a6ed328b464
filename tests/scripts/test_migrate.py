"""`python -m scripts.migrate`: what it says, what it registers, and how it ends."""

import json
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rich.console import Console

from common.models.registry import Registry
from common.research.migration import migration
from common.research.migration.predictions import Limit
from common.research.migration.reasons import Reason
from scripts.command import main
from scripts.migrate.__main__ import app
from scripts.views.migration import factors_table, movers_table, predictions_table
from tests.common.research.migration.exports import ODD, SAME, Lab, candidate, change, make_export


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """A lab with exports: some whose predictions stay, one of these young, one of an index, some where they move."""
    made = Lab.make(tmp_path_factory.mktemp("vnpy") / "lab")
    make_export(made, "same", SAME)
    make_export(made, "odd", SAME | ODD)
    names = sorted(made.frame["vt_symbol"].unique())[1:]
    stays = {name: ("2021-01-01", "2021-06-30" if name == names[2] else "2030-01-01") for name in names}
    make_export(made, "index", SAME, members=stays)
    make_export(made, "young", {**SAME, "long": "ts_mean(close, 120) / close"})
    normed = make_export(made, "normed", SAME)
    change(normed, infer_processors=[{"name": "process_robust_zscore_norm", "arguments": {}}])
    return made


def run(*arguments: object) -> int:
    """Exit status of the command, run in this process."""
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(app, "migrate", [str(each) for each in arguments]))
    return int(ended.value.code or 0)


def figures(lab: Lab, name: str, folder: Path, *arguments: object) -> tuple[int, dict[str, Any]]:
    """Exit status and figures."""
    out, export = folder / "figures.json", lab.folder / "export" / "migration" / name
    status = run(export, "--name", "mine", "--registry", folder / "registry", "--json", out, *arguments)
    found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return status, found


def versions(folder: Path) -> int:
    """How many versions are on record."""
    if not (folder / "registry").exists():
        return 0
    with Registry(folder / "registry", clock=lambda: 1) as models:
        return len(models.models())


def test_what_stays_is_registered_once(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Under the name given; the same again is the same version."""
    status, found = figures(lab, "same", tmp_path, "--author", "somebody")
    assert (status, found["holds"], found["registered"]["version"]) == (0, True, 1)
    assert "registered as mine/1" in capsys.readouterr().err
    assert figures(lab, "same", tmp_path)[1]["registered"] == found["registered"]
    assert versions(tmp_path) == 1


def test_what_moves_is_named_and_not_registered(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit status 1; every difference has its line and its number."""
    status, found = figures(lab, "odd", tmp_path)
    told = capsys.readouterr().err
    assert (status, found["registered"], versions(tmp_path)) == (1, None, 0)
    assert f"not registered. What moves them most: {found['movers'][0]['factor']}" in told
    reasons = {cause["reason"] for each in found["factors"] for cause in each["causes"]}
    assert {Reason.LOAD_WINDOW, Reason.CAST, Reason.DECAY, Reason.CHOICE} <= reasons
    assert all(reason in told for reason in reasons)
    assert [each["factor"] for each in found["factors"]] == [*SAME, *ODD]
    assert set(found["predictions"]) == {"train", "valid", "test", "all"}


def test_the_limit_is_the_users(lab: Lab, tmp_path: Path) -> None:
    """What one allows, one gets."""
    status, found = figures(lab, "odd", tmp_path, "--limit", "100")
    assert (status, found["holds"], found["predictions"]["all"]["beyond"]) == (0, True, 0.0)
    assert figures(lab, "odd", tmp_path, "--beyond", "1.0")[0] == 0
    assert versions(tmp_path) == 2


def test_a_dry_run_registers_nothing(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And ends as the run would."""
    status, found = figures(lab, "same", tmp_path, "--dry-run")
    assert (status, found["holds"], found["registered"], versions(tmp_path)) == (0, True, None, 0)
    assert "a dry run" in capsys.readouterr().err
    assert figures(lab, "odd", tmp_path, "--dry-run")[0] == 1


def test_names_with_brackets_are_shown_as_they_are(lab: Lab) -> None:
    """They are no markup, wherever a table names them."""
    found = migration.migrate(candidate(lab, lab.folder / "export" / "migration" / "odd"), Limit())
    findings = tuple(replace(each, name=f"{each.name}[/b]") for each in found.findings)
    movers = tuple(replace(each, name=f"{each.name}[/b]") for each in found.movers)
    odd = replace(found, findings=findings, movers=movers, parts={"test[/b]": found.change})
    words = StringIO()
    console = Console(file=words, width=300)
    for table, name in (
        (factors_table(odd, 20), "window[/b]"),
        (movers_table(odd, 20), f"{movers[0].name}"),
        (predictions_table(odd), "test[/b]"),
    ):
        console.print(table)
        assert name in words.getvalue()
        words.truncate(0)


def test_too_few_compared_predictions_are_not_registered(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What became of the others is told, and what to do; the share is the user's."""
    status, found = figures(lab, "young", tmp_path)
    assert (status, found["registered"], found["predictions"]["all"]["beyond"]) == (1, None, 0.0)
    assert found["coverage"]["cold"] == found["coverage"]["asked"] - found["coverage"]["compared"] > 0
    assert "were compared (needed: 90.00 %): not registered. Load more bars with vnpy's" in capsys.readouterr().err
    assert figures(lab, "young", tmp_path, "--compared", "0.5")[0] == 0


def test_processors_are_named_where_they_move_predictions(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """And what to do about them; no factor is blamed."""
    status, found = figures(lab, "normed", tmp_path)
    assert (status, found["culprits"], found["movers"]) == (1, ["processors"], [])
    assert "What moves them most: processors. Fit vnpy's normalisers on its training span" in capsys.readouterr().err


def test_days_are_days_at_whatever_hour_they_are_stamped(tmp_path: Path) -> None:
    """Of a lab's days and minutes those are taken that hold the stamps that were loaded."""
    made = Lab.make(tmp_path / "lab")
    at_eight = pl.col("datetime") + pl.duration(hours=8)
    for path in sorted((made.folder / "daily").iterdir()):
        days = pl.read_parquet(path).with_columns(at_eight)
        days.write_parquet(path)
        days.with_columns(pl.col("datetime") + pl.duration(minutes=1)).write_parquet(made.folder / "minute" / path.name)
    eight = Lab(made.folder, made.frame.with_columns(at_eight))
    make_export(eight, "same", SAME)
    assert figures(eight, "same", tmp_path)[0] == 0
    for path in (made.folder / "daily").iterdir():
        path.unlink()
    assert run(made.folder / "export" / "migration" / "same", "--name", "mine") == 2


def test_bars_may_lie_elsewhere(lab: Lab, tmp_path: Path) -> None:
    """In a file, or in a lab that is named."""
    assert figures(lab, "same", tmp_path, "--bars", lab.folder / "bars.parquet", "--dry-run")[0] == 0
    assert figures(lab, "same", tmp_path, "--bars", lab.folder, "--dry-run")[0] == 0


def test_members_may_be_told(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of an index with half the symbols sections are smaller, and only its members are compared."""
    names = sorted(lab.frame["vt_symbol"].unique())
    file = tmp_path / "members.csv"
    file.write_text("symbol,from,to\n" + "".join(f"{name},2021-01-01,\n" for name in names[::2]), encoding="utf-8")
    everybody = figures(lab, "same", tmp_path, "--dry-run")[1]
    capsys.readouterr()
    status, half = figures(lab, "same", tmp_path, "--dry-run", "--members", file)
    assert status == 1
    assert "warning" not in capsys.readouterr().err
    assert half["rows"]["compared"] < 0.6 * everybody["rows"]["compared"]
    reasons = {each["factor"]: {cause["reason"] for cause in each["causes"]} for each in half["factors"]}
    assert Reason.MEMBERS in reasons["rank"]
    assert Reason.MEMBERS not in reasons["roc_5"]


def test_members_without_bars_are_warned_of(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With how many they are, and which."""
    file, names = tmp_path / "members.csv", [*sorted(lab.frame["vt_symbol"].unique()), "STRANGER"]
    file.write_text("symbol,from,to\n" + "".join(f"{name},2021-01-01,\n" for name in names), encoding="utf-8")
    assert figures(lab, "same", tmp_path, "--dry-run", "--members", file)[0] == 0
    assert f"members.csv: 1 of {len(names)} members have no bar: 'STRANGER'" in capsys.readouterr().err


def test_members_can_be_kept_and_given_again(lab: Lab, tmp_path: Path) -> None:
    """As vnpy's index filter had them: the same model comes of the file as of the filter."""
    names, file = sorted(lab.frame["vt_symbol"].unique())[1:], tmp_path / "members.csv"
    status, found = figures(lab, "index", tmp_path, "--beyond", "1", "--members-out", file)
    written = pl.read_csv(file)
    assert (status, written.columns, written["symbol"].to_list()) == (0, ["symbol", "from", "to"], names)
    assert written.filter(symbol=names[2])["to"].item() == "2021-06-30"
    given = figures(lab, "index", tmp_path, "--beyond", "1", "--members", file)[1]
    assert given["registered"] == found["registered"]


def test_members_of_no_index_are_not_written(lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where vnpy's dataset was not filtered there is nothing to write, and nothing is registered."""
    export, file = lab.folder / "export" / "migration" / "same", tmp_path / "members.csv"
    assert run(export, "--name", "mine", "--registry", tmp_path / "registry", "--members-out", file) == 2
    assert "had no index filter" in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert (file.exists(), versions(tmp_path)) == (False, 0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("export/migration/sam", "--name", "mine"), "did you mean 'same'"),
        ((".", "--name", "mine"), "holds 5 exports, not one"),
        (("daily", "--name", "mine"), "is no export"),
        (("export/migration/same", "--name", "Mine!"), "--name"),
        (("export/migration/same", "--name", "mine", "--limit", "-1"), "--limit"),
        (("export/migration/same", "--name", "mine", "--bars", "nowhere.parquet"), "nowhere.parquet"),
        (("export/migration/same", "--name", "mine", "--members", "nobody.csv"), "nobody.csv"),
    ],
)
def test_wrong_usage_is_told(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    """Exit status 2, naming what is wrong."""
    monkeypatch.chdir(lab.folder)
    assert run(*arguments) == 2
    assert told in " ".join(capsys.readouterr().err.replace("│", " ").split())
