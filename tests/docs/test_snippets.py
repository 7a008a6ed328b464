"""The Python of the pages runs: as a program on real sockets, or as tests with the shipped fixtures."""

from __future__ import annotations

import runpy
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import FrameType

import pytest

from alphabus.bus import Bus
from alphabus.clock import ManualClock
from alphabus.endpoints import Endpoints
from alphabus.messages import EndOfStream, Mode, Reason, Request, Status
from alphabus.outbox import Page as Answered
from alphabus.sockets import ZmqTransport, wait_on
from alphabus.testing import Line, ScriptedFeed, signals, signals_script
from alphabus.testing.fixtures import manual_clock, memory_bus, scripted_feed
from alphabus.testing.sections import JOURNAL
from common.market.sample import sample_market
from common.research.lab import Lab
from tests.docs.pages import Block, blocks

__all__ = ["manual_clock", "memory_bus", "scripted_feed"]

LIVE, TEST, RESEARCH = "runs: live", "runs: test", "runs: research"
TURN_NS = 5_000_000
PATIENCE_S = 20.0
VALUES = [{"AAPL": 0.25, "MSFT": -0.5}, {"AAPL": 0.5, "MSFT": 0.0}, {"AAPL": 0.75}]

README = """\
2 fresh  scripted/1
  AAPL +0.5000
  MSFT +0.0000
3 fresh  scripted/1
  AAPL +0.7500
4 held timeout scripted/1
  AAPL +0.7500
5 void max_age scripted/1
"""


class AskedFeed(ScriptedFeed):
    """Says when the latest section was asked for: what is played after that comes live."""

    asked = False

    def _answer(self, request: Request) -> Answered:
        self.asked = self.asked or request.verb == "latest"
        return super()._answer(request)


def script() -> list[Line]:
    """Three fresh sections, one held, one void, then the end; another list of symbols on the way."""
    held = signals(4, VALUES[-1], status=Status.HELD, reason=Reason.TIMEOUT, age=1, mode=Mode.REPLAY)
    void = signals(5, {"AAPL": float("nan")}, status=Status.VOID, reason=Reason.MAX_AGE, age=2, mode=Mode.REPLAY)
    end = EndOfStream(JOURNAL, 5, Mode.REPLAY)
    fresh = signals_script(VALUES, mode=Mode.REPLAY)
    return [*fresh, *(Line("signals/champion", message) for message in (held, void, end))]


def serve(run_dir: Path, ready: threading.Event, done: threading.Event) -> None:
    """Have two sections on record; when the latest was asked for, play the rest."""
    transport = ZmqTransport()
    clock = ManualClock()
    feed = AskedFeed(Bus(Endpoints(run_dir, "sample"), transport, clock), clock, script())
    feed.play(3)  # a list of symbols and two sections
    ready.set()
    handles = [handle for outlet in feed.outlets.values() for handle in outlet.handles]
    while not done.is_set():
        feed.serve()
        if feed.asked:
            feed.play()
            feed.beat()
        wait_on(handles, TURN_NS)
    feed.close()
    transport.close()


@contextmanager
def playing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The instance `sample` on sockets of its own, in the folder where a client looks."""
    ready, done = threading.Event(), threading.Event()
    with tempfile.TemporaryDirectory(prefix="ab-") as name:
        Endpoints(Path(name), "sample").make_folder()
        monkeypatch.setenv("ALPHABUS_RUN_DIR", name)
        thread = threading.Thread(target=serve, args=(Path(name), ready, done), daemon=True)
        thread.start()
        try:
            assert ready.wait(PATIENCE_S)
            with impatient():
                yield
        finally:
            done.set()
            thread.join(PATIENCE_S)
        assert not thread.is_alive()


@contextmanager
def impatient() -> Iterator[None]:
    """A program that waits for ever fails, and does not hang the tests."""
    before = signal.signal(signal.SIGALRM, _give_up)
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _give_up(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"the program did not end within {PATIENCE_S:g} s")


def marked(mark: str) -> list[Block]:
    """Blocks that are run in one way."""
    return [block for block in blocks("python") if block.mark == mark]


def test_every_block_says_how_it_is_run() -> None:
    """A block without a mark would be a promise nobody keeps."""
    assert [block.place for block in blocks("python") if block.mark not in (LIVE, TEST, RESEARCH)] == []
    assert marked(LIVE)
    assert marked(RESEARCH)
    assert marked(TEST)


@pytest.mark.parametrize("block", marked(LIVE), ids=lambda block: block.place)
def test_a_program_runs_to_the_end_of_the_stream(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From the latest section on, every section, none twice; then it ends by itself."""
    program = tmp_path / "program.py"
    program.write_text(block.code, encoding="utf-8")
    with playing(monkeypatch):
        runpy.run_path(str(program), run_name="__main__")
    bars = [line.split()[0] for line in capsys.readouterr().out.splitlines() if line[0].isdigit()]
    assert bars[:3] == ["2", "3", "4"]
    assert len(set(bars)) == len(bars)


@pytest.mark.parametrize("block", marked(RESEARCH), ids=lambda block: block.place)
def test_a_research_program_runs_in_a_folder_with_a_lab(
    block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lab with the sample market and an index, as the page's commands leave it."""
    monkeypatch.chdir(tmp_path)
    lab = Lab("lab", clock=lambda: 1, author="tester")
    market = sample_market(symbols=20, days=60)
    sound = market.drop_nulls().unique(["datetime", "symbol"], keep="first")
    lab.save_bar_data(sound, "d")
    lab.save_component_data("000300.SSE", {date(2021, 1, 4): lab.list_bar_symbols("d")})
    Path("program.py").write_text(block.code, encoding="utf-8")
    left = runpy.run_path("program.py", run_name="__main__")
    assert left["bars"].height > 0


def test_the_readme_shows_what_it_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fresh, held and void, in a dozen lines."""
    (block,) = [block for block in marked(LIVE) if block.place.startswith("README")]
    assert len([line for line in block.code.splitlines() if line.strip()]) <= 12
    program = tmp_path / "program.py"
    program.write_text(block.code, encoding="utf-8")
    with playing(monkeypatch):
        runpy.run_path(str(program), run_name="__main__")
    assert capsys.readouterr().out == README


@pytest.mark.parametrize("block", marked(TEST), ids=lambda block: block.place)
def test_tests_in_the_pages_pass(block: Block, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """Each function gets the fixtures it names, as pytest would hand them to it."""
    program = tmp_path / "tests.py"
    program.write_text(block.code, encoding="utf-8")
    functions = {name: each for name, each in runpy.run_path(str(program)).items() if name.startswith("test_")}
    assert functions
    for function in functions.values():
        names = function.__code__.co_varnames[: function.__code__.co_argcount]
        function(**{name: request.getfixturevalue(name) for name in names})
