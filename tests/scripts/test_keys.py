"""`python -m scripts.keys`: what it says, writes and returns."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from alphabus.endpoints import SERVICES
from alphabus.security.keys import make_pair
from scripts import keys
from scripts.command import main


def run(*arguments: str) -> int:
    """Exit status of the command run in this process."""
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(keys.app, "keys", list(arguments)))
    return int(ended.value.code or 0)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration whose feed is met over TCP."""
    path = tmp_path / "demo.toml"
    path.write_text(
        f"instance = 'demo'\nstate = '{tmp_path}/state'\n[feed.source]\nbars = 'bars.parquet'\n"
        "[bus.tcp]\nbar_feed = ['tcp://10.0.0.1:7001', 'tcp://10.0.0.1:7002']\n",
        encoding="ascii",
    )
    return path


def told(*arguments: str, out: Path) -> Any:
    """The figures a command that succeeds reports."""
    assert run(*arguments, "--json", str(out)) == 0
    return json.loads(out.read_text(encoding="utf-8"))


def test_from_nothing_to_a_client(tmp_path: Path, config: Path) -> None:
    """Make, allow, list, check, card, remove."""
    folder, out = ["--keys", str(tmp_path / "keys")], tmp_path / "told.json"
    assert [row["name"] for row in told("make", *folder, out=out)] == list(SERVICES)
    assert told("make", "trader", *folder, out=out)[0]["role"] == "client"
    public = make_pair().public
    allowed = told("allow", "ops", "--role", "operator", "--public", public, *folder, out=out)
    assert allowed == [{"name": "ops", "role": "operator", "public": public, "secret": False}]
    assert {row["name"]: row["secret"] for row in told("list", *folder, out=out)} == {
        **dict.fromkeys((*SERVICES, "trader"), True),
        "ops": False,
    }
    assert told("check", *folder, "--config", str(config), out=out)["problems"] == []
    card = ["card", "trader", "--out", str(tmp_path / "card"), "--config", str(config)]
    assert told(*card, *folder, out=out)[0]["live"] == "tcp://10.0.0.1:7001"
    assert told("remove", "trader", *folder, out=out)[0]["name"] == "trader"


def test_what_others_can_read_is_refused(tmp_path: Path, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1 from check and list, with what to do; nothing is added to such a folder."""
    folder = tmp_path / "keys"
    assert run("make", "--keys", str(folder)) == 0
    (folder / "monitor.secret").chmod(0o644)
    assert run("check", "--keys", str(folder), "--config", str(config)) == 1
    folder.chmod(0o755)
    assert run("list", "--keys", str(folder)) == 1
    assert run("make", "trader", "--keys", str(folder)) == 2
    said = "".join(capsys.readouterr().err.split())
    assert f"chmod600{folder}/monitor.secret" in said
    assert f"chmod700{folder}" in said


def test_a_wrong_name_is_wrong_usage(tmp_path: Path) -> None:
    """Status 2, and no folder is left half-made."""
    assert run("make", "No", "--keys", str(tmp_path / "keys")) == 2
    assert run("remove", "nobody", "--keys", str(tmp_path / "keys")) == 2
    assert [path.name for path in (tmp_path / "keys").iterdir()] == []


def test_the_configuration_says_where_keys_lie(
    tmp_path: Path, config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`bus.keys` of $ALPHABUS_CONFIG unless --keys says otherwise; told where, and what other hosts need."""
    text = config.read_text(encoding="ascii")
    config.write_text(text.replace("[bus.tcp]", f"[bus]\nkeys = '{tmp_path}/own'\n[bus.tcp]"), encoding="ascii")
    monkeypatch.setenv("ALPHABUS_CONFIG", str(config))
    assert run("make") == 0
    assert f"{tmp_path}/own: written; copy peers.toml" in capsys.readouterr().err
    assert (tmp_path / "own" / "peers.toml").exists()
    assert run("check") == 0
    assert run("remove", "monitor") == 0
    assert f"where {tmp_path}/own/peers.toml counts: copy that file to the other hosts" in capsys.readouterr().err
