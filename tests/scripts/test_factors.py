"""The factors script: compute, check and show; figures on request, truthful exit statuses."""

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from common.factors.sets import load_set
from common.market.constituents import load_constituents
from common.market.sample import sample_market
from common.market.store import load_bars
from common.research.factor_checks.table import CHECKS
from common.research.factor_frame import factor_frame
from scripts.command import main
from scripts.factors import app

OWN = """
label = "ts_delay(close, -1) / close - 1"

[factors]
mean_3 = "ts_mean(close, 3) / close"
rank = "cs_rank(volume)"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bars, a set of one's own, and a file of members."""
    folder = tmp_path_factory.mktemp("factors")
    sample_market(symbols=20, days=150).write_parquet(folder / "bars.parquet")
    (folder / "own.toml").write_text(OWN, encoding="utf-8")
    (folder / "members.csv").write_text("symbol,from,to\nS0001,2021-02-01,\nS0002,2021-01-04,2021-03-31\n", "utf-8")
    return folder


def status(*arguments: object) -> object:
    """The exit status of the script, whether it returns or exits."""
    try:
        return main(app, "factors", [str(each) for each in arguments])
    except SystemExit as ended:
        return ended.code


def test_compute_writes_the_frame(folder: Path, tmp_path: Path) -> None:
    """Of a set of one's own, of members, within a span, and the figures agree with it."""
    out, figures = tmp_path / "factors.parquet", tmp_path / "figures.json"
    told = ("--start", "2021-02-01", "--end", "2021-04-30", "--members", folder / "members.csv", "--json", figures)
    arguments = ("compute", "--set", folder / "own.toml", "--bars", folder / "bars.parquet", "--out", out, *told)
    assert status(*arguments) == 0
    written, shown = pl.read_parquet(out), json.loads(figures.read_text(encoding="utf-8"))
    expected = factor_frame(
        load_bars(folder / "bars.parquet"),
        load_set(str(folder / "own.toml")),
        start="2021-02-01",
        end="2021-04-30",
        constituents=load_constituents(folder / "members.csv"),
    )
    assert_frame_equal(written, expected, check_exact=True)
    assert written.columns == ["datetime", "symbol", "mean_3", "rank"]
    assert (shown["set"], shown["rows"], shown["columns"]) == ("own", written.height, ["close", "volume"])
    assert shown["rejected"] == load_bars(folder / "bars.parquet").rejected_by_reason


def test_check_shows_every_factor(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By every check, as a table for people and as JSON."""
    given = ("--set", folder / "own.toml", "--bars", folder / "bars.parquet", "--symbols", 8, "--samples", 2)
    assert status("check", *given, "--json", "-") == 0
    output = capsys.readouterr()
    shown = json.loads(output.out)
    assert shown["passed"] is True
    assert [each["name"] for each in shown["factors"]] == ["mean_3", "rank"]
    assert all(set(each["checks"]) == set(CHECKS) for each in shown["factors"])
    assert {check["verdict"] for each in shown["factors"] for check in each["checks"].values()} == {"ok"}
    assert "mean_3" in output.err
    assert "2 passed, 0 failed, 0 untested, on" in output.err


def test_check_says_what_it_could_not_try(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Factor by factor, by which checks, and why; a set that starts anew, whether it did."""
    own = tmp_path / "odd.toml"
    own.write_text(OWN.replace("[factors]", "max_gap = 500\n[factors]\nnone = 'log(0 - close)'"), encoding="utf-8")
    given = ("--set", own, "--bars", folder / "bars.parquet", "--symbols", 8, "--samples", 2)
    assert status("check", *given, "--json", "-") == 0
    output = capsys.readouterr()
    shown = json.loads(output.out)
    assert shown["starts_anew"] == 0
    assert {check["why"] for check in shown["factors"][0]["checks"].values()} == {"not one number on these bars"}
    told = " ".join(output.err.split())
    assert "none untested by look-ahead, warm-up, blanking, membership: not one number on these bars" in told
    assert "no symbol starts anew on these bars: that is untested" in told
    assert "2 passed, 0 failed, 1 untested, on" in told
    assert (shown["factors_passed"], shown["factors_untested"]) == (2, 1)


def test_check_of_nothing_is_status_1(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where no factor could be tried none has passed, and nothing is shown."""
    own = tmp_path / "nothing.toml"
    own.write_text(OWN.partition("mean_3")[0] + "none = 'log(0 - close)'", encoding="utf-8")
    given = ("--set", own, "--bars", folder / "bars.parquet", "--symbols", 8, "--samples", 2)
    assert status("check", *given) == 1
    assert "0 passed, 0 failed, 1 untested, on" in capsys.readouterr().err


def test_check_fails_with_status_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """And says which factor, where, and what changed it."""
    from common.research.factor_checks.subject import Subject  # noqa: PLC0415  patched here

    good = Subject.of(load_set(str(folder / "own.toml")))
    peeking = replace(good, run=lambda block: good.run(block)[:, ::-1].copy())
    monkeypatch.setattr("scripts.factors.Subject.of", lambda _: peeking)
    given = ("--set", folder / "own.toml", "--bars", folder / "bars.parquet", "--symbols", 8, "--samples", 2)
    assert status("check", *given, "--json", tmp_path / "f.json") == 1
    told = capsys.readouterr().err
    assert "mean_3 look-ahead" in told
    assert "other bars and members from 2021-" in told
    shown = json.loads((tmp_path / "f.json").read_text(encoding="utf-8"))
    assert shown["passed"] is False
    assert shown["factors"][0]["checks"]["look-ahead"]["first"]["symbol"].startswith("S")


def test_show_tells_what_a_set_asks_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Texts, look-back and warm length of each factor, columns and plan of all."""
    assert status("show", "--set", folder / "own.toml", "--json", "-") == 0
    output = capsys.readouterr()
    shown = json.loads(output.out)
    assert [(each["name"], each["look_back"], each["warm_bars"]) for each in shown["factors"]] == [
        ("mean_3", 2, 3),
        ("rank", 0, 1),
    ]
    assert (shown["warm_bars"], shown["look_back"]) == (3, 2)
    assert "ts_mean(close, 3) / close" in output.err


def test_show_tells_when_symbols_start_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And which operators are the user's own."""
    path = tmp_path / "anew.py"
    path.write_text(
        "from common.factors.own_operators import window_operator\n"
        "@window_operator('ts_end(x, window)')\n"
        "def ts_end(values):\n"
        "    return values[-1]\n"
        "operators, max_gap, reset = [ts_end], 20, 'session'\n"
        "factors, label = {'end': 'ts_end(close, 3)'}, 'ts_delay(close, -1)'\n",
        encoding="utf-8",
    )
    assert status("show", "--set", path, "--json", "-") == 0
    output = capsys.readouterr()
    shown = json.loads(output.out)
    assert (shown["max_gap"], shown["reset"], shown["operators"]) == (20, "session", ["ts_end"])
    for line in ("after more than 20 sections without a bar", "with each session", "own operators: ts_end(x, window)"):
        assert line in output.err


@pytest.mark.parametrize("option", ["--set", "--bars", "--members"])
@pytest.mark.parametrize("verb", ["compute", "check"])
def test_what_is_read_is_not_replaced(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, verb: str
) -> None:
    """Neither by factors nor by figures, through a link either; status 2, and every file is what it was."""
    names = {"--set": "own.toml", "--bars": "bars.parquet", "--members": "members.csv"}
    before = {name: (folder / name).read_bytes() for name in names.values()}
    link = tmp_path / "link"
    link.symlink_to(folder / names[option])
    reads = [part for each, name in names.items() for part in (each, folder / name)]
    writes = ("--out", link) if verb == "compute" else ("--json", link)
    assert status(verb, *reads, *writes) == 2
    assert f"is what {option} names" in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert {name: (folder / name).read_bytes() for name in names.values()} == before
    assert link.is_symlink()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("compute", "--out", "."), "is a folder"),
        (("compute", "--out", "/proc/x.parquet"), "cannot be written"),
        (("check", "--json", "."), "is a folder"),
        (("compute", "--set", "basics"), "did you mean 'basic'"),
        (("compute", "--bars", "nowhere.parquet"), "nowhere.parquet cannot be opened"),
        (("compute", "--start", "soon"), "no date such as"),
        (("compute", "--start", "2050-01-01"), "no member has a bar from 2050-01-01 to the end; the bars are from 20"),
        (("compute", "--members", "nowhere.csv"), "nowhere.csv cannot be read"),
        (("check", "--sections", "2"), "at least, or leave it out, and the newest 120 are tried"),
        (("show", "--set", "basics"), "did you mean 'basic'"),
    ],
)
def test_wrong_usage_is_status_2(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], told: str
) -> None:
    """Nothing is written, and the message names what is wrong."""
    verb, *given = arguments
    defaults: dict[str, object] = {"--set": folder / "own.toml"}
    if verb != "show":
        defaults["--bars"] = folder / "bars.parquet"
    if verb == "compute":
        defaults["--out"] = tmp_path / "f.parquet"
    rest = [part for name, value in defaults.items() if name not in given for part in (name, value)]
    assert status(verb, *given, *rest) == 2
    assert told in " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert list(tmp_path.iterdir()) == []
