"""No command replaces what it reads, whichever of its options names it, and each says so with exit status 2."""

import shutil
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from common.market.sample import sample_market
from scripts import analyse, factors, journal, replay, sample, signals
from scripts.bars.__main__ import app as bars
from scripts.command import main
from scripts.migrate.__main__ import app as migrate
from scripts.models.__main__ import app as models
from scripts.outputs import told_name
from scripts.train.__main__ import app as train

APPS: dict[str, typer.Typer] = {
    "analyse": analyse.app, "bars": bars, "factors": factors.app, "journal": journal.app, "migrate": migrate,
    "models": models, "replay": replay.app, "sample": sample.app, "signals": signals.app, "train": train,
}  # fmt: skip

# READ: the file that is read and named as the one to write; OTHER: another one that could be written.
CALLS = {
    "analyse a factor": "analyse factor mean_5 --set basic --bars READ --out READ",
    "analyse a factor of members": "analyse factor mean_5 --set basic --bars BARS --members READ --json READ",
    "analyse a signal": "analyse signal BARS --bars READ --out READ",
    "analyse a signal, its own file": "analyse signal READ --bars BARS --json READ",
    "factors compute": "factors compute --set basic --bars READ --out READ",
    "factors check": "factors check --set basic --bars READ --json READ",
    "bars adjust": "bars adjust READ --events BARS --out READ",
    "bars adjust, events": "bars adjust BARS --events READ --out READ",
    "bars import": "bars import READ --out READ",
    "bars check": "bars check READ --json READ",
    "journal export": "journal export FOLDER --out READ",
    "migrate": "migrate FOLDER --name demo --bars READ --json READ",
    "migrate, members": "migrate FOLDER --name demo --bars READ --members-out READ",
    "models import": "models import READ --json READ",
    "signals precompute": "signals precompute demo --bars READ --out READ",
    "train, figures": "train READ --json READ",
    "train, signals": "train READ --walk-forward rolling --signals READ",
    "replay": "replay --bars READ --out OTHER --json READ",
    "replay, its own results": "replay --bars FOLDER/signals.parquet --out FOLDER",
    "figures over a configuration": "models list --config READ --json READ",
    "sample": "sample --out OTHER --json OTHER",
}


NAMES = {
    "bars check READ --json READ": "BARS",
    "bars import READ --out OTHER --json READ": "SOURCE",
    "bars adjust READ --events BARS --out OTHER --json READ": "BARS",
    "analyse signal READ --bars BARS --json READ": "SIGNALS",
    "models import READ --json READ": "FILE",
    "migrate READ --name demo --bars BARS --json READ": "EXPORT",
    "journal show READ --json READ": "FOLDER",
    "migrate FOLDER --name demo --bars BARS --members-out READ --json READ": "--members-out",
    "train BARS --processors READ --json READ": "--processors",
}


@pytest.mark.parametrize("call", NAMES)
def test_it_is_told_by_the_name_that_the_user_knows(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An argument as the help calls it, an option as it is typed."""
    monkeypatch.chdir(tmp_path)
    for each in ("read", "bars"):
        Path(each).touch()
    Path("folder").mkdir()
    words = call.replace("READ", "read").replace("OTHER", "other").replace("BARS", "bars").replace("FOLDER", "folder")
    name, *arguments = words.split()
    with pytest.raises(SystemExit) as ended:
        main(APPS[name], name, arguments)
    assert ended.value.code == 2
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert f"read is what {NAMES[call]} names, and would be replaced" in told


@pytest.mark.parametrize("name", APPS)
def test_every_parameter_is_told_as_the_help_has_it(name: str) -> None:
    """Of every command."""
    whole = get_command(APPS[name])
    for command in getattr(whole, "commands", {name: whole}).values():
        for parameter in command.params:
            known = [parameter.metavar or parameter.name.upper(), *parameter.opts]
            assert told_name(parameter) in known
            assert told_name(parameter).startswith("--") == (parameter.param_type_name == "option")


@pytest.mark.parametrize("call", CALLS)
def test_what_is_read_is_not_replaced(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every file is what it was, and no other was written."""
    monkeypatch.chdir(tmp_path)
    sample_market(symbols=20, days=60).write_parquet("bars.parquet")
    Path("folder").mkdir()
    for name in ("read.parquet", "folder/signals.parquet"):
        shutil.copy("bars.parquet", name)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    read = "folder/signals.parquet" if call == "journal export" else "read.parquet"
    words = CALLS[call].replace("READ", read).replace("OTHER", "other").replace("FOLDER", "folder")
    name, *arguments = words.replace("BARS", "bars.parquet").split()
    with pytest.raises(SystemExit) as ended:
        main(APPS[name], name, arguments)
    assert ended.value.code == 2
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "would be replaced" in told or "results are removed" in told
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
