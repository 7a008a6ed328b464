"""What an operator meets: a second instance, a wrong configuration, garbage, Ctrl-C, a launcher that dies."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import zmq

from alphabus.client import SignalClient
from alphabus.endpoints import SERVICES, Endpoints
from common.replay.follow import Progress
from common.replay.pipeline import ROOT, Pipeline
from common.replay.preparation import Prepared
from common.replay.summary import restarts
from tests.e2e.harness import Bench, Ran, eventually, processes_of, wait_until_gone

PATIENCE_S = 60.0


def start(arguments: Sequence[str]) -> subprocess.Popen[str]:
    """A script or service as a user starts it."""
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def gone(run_dir: Path) -> bool:
    """Wait, with patience, until every process of a run folder has ended."""
    wait_until_gone(processes_of(run_dir), PATIENCE_S)
    return processes_of(run_dir) == []


def test_a_second_process_of_an_instance_is_refused(market: Bench, run_dir: Path) -> None:
    """The lock says which identity is taken, and by what process; the first goes on undisturbed."""
    prepared = market.prepare(feed={"pace_s": 30.0})
    with Pipeline(prepared.config, prepared.config_file) as pipeline:
        while (beat := pipeline.status("bar_feed")) is None:
            assert pipeline.running
        second = start(["-m", "services.bar_feed", "--config", str(prepared.config_file)])
        _, told = second.communicate(timeout=PATIENCE_S)
        after = pipeline.status("bar_feed")
    assert second.returncode == 2
    assert "bar_feed.lock is held by pid" in told
    assert f"pid {beat.pid}" in told
    assert after is not None
    assert after.pid == beat.pid


@pytest.mark.parametrize("service", SERVICES)
def test_a_wrong_configuration_is_told_before_anything_is_bound(service: str, tmp_path: Path, run_dir: Path) -> None:
    """Exit status 2, the file, the key and what was meant; no socket, no lock, no folder."""
    path = tmp_path / "wrong.toml"
    feed = '[feed]\npatience_bar = 3\n[feed.source]\nbars = "x.parquet"\n'
    path.write_text(f'instance = "wrong"\nstate = "{tmp_path}/state"\n{feed}', encoding="utf-8")
    process = start(["-m", f"services.{service}", "--config", str(path)])
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert f"{path}: feed.patience_bar = 3: unknown key; did you mean 'patience_bars'?" in told
    assert list(run_dir.iterdir()) == []


def test_a_socket_path_that_is_too_long_says_what_to_do(market: Bench, tmp_path: Path) -> None:
    """107 bytes are the system's limit; the message names the path and a shorter folder."""
    prepared = market.prepare()
    text = f'run_dir = "{tmp_path}/{"x" * 100}"\n' + prepared.config_file.read_text(encoding="utf-8")
    prepared.config_file.write_text(text, encoding="utf-8")
    process = start(["-m", "services.monitor", "--config", str(prepared.config_file)])
    _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert "the system allows 107" in told
    assert "ALPHABUS_RUN_DIR" in told


def test_garbage_at_every_port_changes_nothing(market: Bench, undisturbed: Ran, run_dir: Path) -> None:
    """Both ends of all five: frames that are no messages, and what are no frames; refused, counted, and nobody dies."""
    sent: list[str] = []
    garbage = [[b""], [b"x/", b"\x81\xa1v\x01", b""], [b"\xff" * 300] * 3, [b"a/", b"\xdf\xff\xff\xff\xff", b"0"]]
    halves = [[b"x", b"\x01t/"]] * 2  # of the second ZeroMQ keeps only the beginning
    held = ExitStack()

    def during(pipeline: Pipeline, now: Progress) -> None:
        if now.recorded < 290 or sent:
            return
        context, ends = held.enter_context(zmq.Context()), Endpoints(run_dir, "test")
        for service in SERVICES:
            for kind, address, bad in ((zmq.DEALER, ends.asked, garbage), (zmq.XSUB, ends.live, halves)):
                peer = held.enter_context(context.socket(kind))
                peer.linger = 0
                peer.connect(address(service))
                for frames in bad:
                    peer.send_multipart(frames)
                for raw in noise_at(address(service)):
                    held.enter_context(raw)
            sent.append(service)
            bad_count = len(garbage) + len(halves)
            eventually(lambda service=service, least=bad_count: refused(pipeline, service) >= least)  # type: ignore[misc]

    with held:
        ran = market.run(during, feed={"pace_s": 0.03})
    assert sent == list(SERVICES)
    assert ran.missing == []
    assert ran.digest == undisturbed.digest
    assert restarts(ran.prepared.config.logs) == dict.fromkeys(SERVICES, 0)
    for service in SERVICES:
        rows = (ran.prepared.config.state / "quarantine" / f"{service}.jsonl").read_text(encoding="utf-8").splitlines()
        links = Counter(json.loads(row)["link"] for row in rows)
        assert links["ask"] == len(garbage)
        assert links["live"] >= len(halves)
        assert all(json.loads(row)["error"] for row in rows)
        assert last_counters(ran.prepared, service)["refused"] == len(rows)


def refused(pipeline: Pipeline, service: str) -> int:
    """How many messages a process has refused, as it says itself."""
    beat = pipeline.status(service)
    return 0 if beat is None else beat.counters.get("refused", 0)


def last_counters(prepared: Prepared, service: str) -> dict[str, Any]:
    """What a process had counted when it ended."""
    assert prepared.config.logs is not None
    lines = (prepared.config.logs / f"{service}.jsonl").read_text(encoding="utf-8").splitlines()
    row: dict[str, Any] = json.loads(lines[-1])
    assert row["event"] == "stopped"
    return row


GREETING = bytes.fromhex("ff00000000000000017f") + b"\x03\x01" + b"NULL".ljust(20, b"\0") + b"\0" * 32
READY = b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB"
NOISE = (
    bytes(range(256)) * 2,
    GREETING[:20],
    GREETING + b"\xff" * 500,
    GREETING + READY + b"\xff" * 500,
    GREETING + READY + b"\x02" + (2**62).to_bytes(8, "big") + b"x" * 100,  # a frame of four exabytes
    GREETING + READY + b"\x00\x05\x01abcd" * 50 + b"\x01\x01" * 50,
)


def noise_at(address: str) -> list[socket.socket]:
    """Connections that do not speak ZeroMQ's protocol, or stop in the middle of it; they stay open."""
    opened = []
    for noise in NOISE:
        raw = socket.socket(socket.AF_UNIX)
        raw.connect(address.removeprefix("ipc://"))
        raw.sendall(noise)
        opened.append(raw)
    return opened


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_its_launcher(number: signal.Signals, market: Bench, tmp_path: Path, run_dir: Path) -> None:
    """Whatever ends the command that started them, all five processes and their children end, too."""
    launcher = start(
        ["-m", "scripts.replay", "--bars", str(market.bars), "--out", str(tmp_path / "out"), "--pace", "30",
         "--instance", "test", "--registry", str(market.folder / "registry")]
    )  # fmt: skip
    with SignalClient("test", mode="replay", run_dir=run_dir) as client:
        assert client.receive(int(PATIENCE_S * 1e9)) is not None, "the pipeline never gave a signal"
    launcher.send_signal(number)
    launcher.communicate(timeout=PATIENCE_S)
    assert gone(run_dir)


def test_a_run_that_is_cut_short_says_what_is_missing(market: Bench, tmp_path: Path, run_dir: Path) -> None:
    """SIGKILL of honcho: the rest ends, too, every section without a signal is named, and the exit status is 1."""
    out = tmp_path / "out"
    launcher = start(
        ["-m", "scripts.replay", "--bars", str(market.bars), "--out", str(out), "--pace", "30",
         "--instance", "test", "--registry", str(market.folder / "registry")]
    )  # fmt: skip
    with SignalClient("test", mode="replay", run_dir=run_dir) as client:
        assert client.receive(int(PATIENCE_S * 1e9)) is not None, "the pipeline never gave a signal"
    children = Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text(encoding="ascii").split()
    os.kill(int(children[0]), signal.SIGKILL)
    launcher.communicate(timeout=PATIENCE_S)
    assert gone(run_dir)
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    sections = summary["sections"]
    assert launcher.returncode == 1
    assert summary["trouble"] != ""
    assert len(sections["missing"]) == sections["replayed"] - sections["with_signal"] > 0


def test_status_shows_what_a_link_lost(market: Bench, run_dir: Path) -> None:
    """A feed that is killed and comes back: whoever reads it has counted that, under the feed's name."""
    prepared = market.prepare(feed={"pace_s": 0.2})
    with Pipeline(prepared.config, prepared.config_file) as pipeline:
        eventually(lambda: links_of("factor_engine").get("bar_feed") == "current")
        beat = pipeline.status("bar_feed")
        assert beat is not None
        os.kill(beat.pid, signal.SIGKILL)
        eventually(lambda: rows_of_status()["factor_engine"].get("link.bar_feed.restarted", 0) >= 1)
    assert last_counters(prepared, "factor_engine")["link.bar_feed.restarted"] >= 1


def links_of(service: str) -> dict[str, str]:
    """The links of a process, as `status` shows them."""
    found: dict[str, str] = rows_of_status()[service].get("links", {})
    return found


def rows_of_status() -> dict[str, dict[str, Any]]:
    """What `status --json` says of each process; nothing of one that does not answer."""
    with start(["-m", "alphabus", "status", "test", "--json"]) as asked:
        said, _ = asked.communicate(timeout=PATIENCE_S)
    return {name: row or {} for name, row in json.loads(said)["services"].items()}


def test_watch_and_status_show_a_running_pipeline(market: Bench, run_dir: Path) -> None:
    """A late `watch` starts with the latest section and goes on; `status` has a line for each process and each arm."""
    prepared = market.prepare(feed={"pace_s": 0.05})
    with Pipeline(prepared.config, prepared.config_file) as pipeline:
        while (beat := pipeline.status("signal_cache")) is None or beat.bar < 300:
            assert pipeline.running
        watch = start(["-m", "alphabus", "watch", "--json"])
        status = start(["-m", "alphabus", "status"])
        table, _ = status.communicate(timeout=PATIENCE_S)
        shown, _ = watch.communicate(timeout=PATIENCE_S)
    assert status.returncode == 0
    assert [line.split()[0] for line in table.splitlines()] == ["process", *SERVICES, "arm", "champion"]
    bars = [json.loads(line)["bar"] for line in shown.splitlines()]
    assert watch.returncode == 0
    assert 300 <= bars[0] < 420
    assert bars == list(range(bars[0], 421))
