"""`python -m scripts.control`: what it says, writes and returns, against a worker that answers on real sockets."""

from __future__ import annotations

import json
import os
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alphabus.bus import Bus
from alphabus.clock import SystemClock
from alphabus.endpoints import Endpoints
from alphabus.messages import Request
from alphabus.outbox import Outbox, Page
from alphabus.outlet import Outlet
from alphabus.sockets import ZmqTransport, wait_on
from common.command import DONE
from scripts import control
from scripts.command import main
from tests.scripts.listener import listening

TURN_NS = 5_000_000


class Worker(threading.Thread):
    """Knows the arm `champion`, and remembers what was asked."""

    def __init__(self, run_dir: Path) -> None:
        super().__init__(daemon=True)
        self.heard: list[Request] = []
        self.ready, self.done = threading.Event(), threading.Event()
        self._endpoints = Endpoints(run_dir, "demo")
        self._endpoints.make_folder()

    def run(self) -> None:
        """Answer until done."""
        transport = ZmqTransport()
        outlet = Outlet(Bus(self._endpoints, transport, SystemClock()), "inference_worker", epoch=1)
        self.ready.set()
        while not self.done.is_set():
            outlet.serve(Outbox(1), self._answer)
            wait_on(outlet.handles, TURN_NS)
        outlet.close()
        transport.close()

    def _answer(self, request: Request) -> Page:
        self.heard.append(request)
        if request.arguments["arm"] not in ("champion", "*"):
            raise LookupError(f"no arm {request.arguments['arm']!r}; did you mean 'champion'?")
        return Page((), complete=True)


@contextmanager
def working(run_dir: Path) -> Iterator[Worker]:
    """A worker that is stopped at the end."""
    worker = Worker(run_dir)
    worker.start()
    assert worker.ready.wait(20)
    try:
        yield worker
    finally:
        worker.done.set()
        worker.join(20)


@pytest.fixture
def run_dir(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="ab-") as name:
        monkeypatch.setenv("ALPHABUS_RUN_DIR", name)
        yield Path(name)


def run(*arguments: str) -> int:
    """Exit status of a command run in this process."""
    with pytest.raises(SystemExit) as ended:
        raise SystemExit(main(control.app, "control", list(arguments)))
    return int(ended.value.code or 0)


def config_file(folder: Path, run_dir: Path) -> Path:
    """The smallest configuration of the instance."""
    path = folder / "demo.toml"
    text = f'instance = "demo"\nstate = "{folder}"\nrun_dir = "{run_dir}"\n[feed.source]\nbars = "x.parquet"\n'
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("verb", DONE)
def test_every_verb_is_carried_out(
    verb: str, run_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The only instance is found; what was done is told to people and, if asked, to programs."""
    out = tmp_path / "figures.json"
    with working(run_dir) as worker:
        assert run(verb, "champion", "--why", "test", "--by", "ann", "--json", str(out)) == 0
    assert [(it.verb, dict(it.arguments)) for it in worker.heard] == [
        (verb, {"arm": "champion", "why": "test", "by": "ann"})
    ]
    assert json.loads(out.read_text(encoding="utf-8")) == {
        "instance": "demo", "verb": verb, "arm": "champion", "why": "test", "by": "ann",
    }  # fmt: skip
    assert f"demo: arm champion {DONE[verb]}" in capsys.readouterr().err


@pytest.mark.parametrize("place", [("--instance", "demo"), ("--config", "CONFIG"), ("--run-dir", "RUN"), ()])
def test_the_instance_is_named_in_any_way(place: tuple[str, ...], run_dir: Path, tmp_path: Path) -> None:
    """By its name, its configuration, its run folder, or by being the only one; `*` is every arm."""
    names = {"CONFIG": str(config_file(tmp_path, run_dir)), "RUN": str(run_dir)}
    with working(run_dir) as worker:
        assert run("halt", "*", "--why", "test", *(names.get(word, word) for word in place)) == 0
    assert worker.heard[0].arguments["arm"] == "*"


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (("halt", "champoin", "--why", "x"), 1, "did you mean 'champion'"),
        (("halt", "champion"), 2, "--why"),
        (("halt", "champion", "--why", "  "), 2, "it goes on record: say why"),
        (("halt", "--why", "x"), 2, "arm"),
        (("stop", "champion", "--why", "x"), 2, "stop"),
        (("halt", "champion", "--why", "x", "--instance", "other"), 2, "there are: demo: nothing was sent"),
        (("halt", "champion", "--why", "x", "--instance", "Other"), 2, "--instance"),
        (("halt", "champion", "--why", "x", "--config", "CONFIG", "--instance", "other"), 2, "is of instance 'demo'"),
        (("halt", "champion", "--why", "x", "--config", "none.toml"), 2, "none.toml: cannot be read"),
    ],
)
def test_what_is_wrong_is_said(
    arguments: tuple[str, ...], status: int, told: str, run_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """1 when it was refused or nothing was heard, 2 when it was asked wrongly."""
    file = str(config_file(run_dir, run_dir))
    with working(run_dir):
        assert run(*(file if word == "CONFIG" else word for word in arguments)) == status
    assert told in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_a_worker_that_says_nothing(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Others of its instance are there, so it was asked: nobody knows what became of it."""
    with listening(run_dir / "mute" / "monitor.ask"):
        assert run("halt", "champion", "--why", "x", "--wait", "0.2") == 1
    assert "is unknown" in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_without_an_instance_it_says_what_to_do(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing runs here."""
    assert run("halt", "champion", "--why", "x") == 2
    assert "no instance below" in " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_an_instance_met_over_tcp_needs_its_configuration(run_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """This command takes no folder of keys: what it says is what it takes."""
    (run_dir / "far").mkdir()
    (run_dir / "far" / "bar_feed.lock").write_text(f"pid {os.getpid()}, started", encoding="ascii")
    assert run("halt", "champion", "--why", "x", "--instance", "far") == 2
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "they are met over TCP; give its configuration with --config: nothing was sent" in told
