"""A subscriber that stands still while others publish: it costs them nothing, and comes back to all that it missed."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from alphabus.options import MIB, Queues
from alphabus.sockets import ZmqTransport
from common.replay.pipeline import ROOT, Pipeline
from common.replay.results import digest_signals, read_signals
from scripts.processes.usage import own_bytes
from tests.e2e.harness import Bench, Ran, eventually, short_run_dir, show, write_small_market

pytestmark = pytest.mark.faults

PATIENCE_S = 90.0
WAIT_MS = 20_000
SYMBOLS, DAYS, FIRST, STOP = 300, 480, 281, 300
BUDGET, SECTION, MESSAGES = 16 * MIB, MIB // 4, 2400
SLACK = 48 * MIB  # what a process's memory may change by whatever it does

READER = """
import sys, zmq
socket = zmq.Context().socket(zmq.SUB)
socket.rcvhwm = 24
socket.subscribe(b"")
socket.connect(sys.argv[1])
socket.recv_multipart()
print("here", flush=True)
while True:
    socket.recv_multipart()
"""


def test_memory_is_bounded_while_a_subscriber_stands_still(run_dir: Path) -> None:
    """Of 600 MiB published past a stopped process no more is kept than the budget; another reader gets all of it."""
    address = f"ipc://{run_dir}/x.pub"
    with closing(ZmqTransport(queues=Queues(budget=BUDGET, section=SECTION))) as transport:
        publisher, reader = transport.publisher(address), transport.subscriber(address, ["t/"])
        waiting: Any = reader.handle
        with subprocess.Popen([sys.executable, "-c", READER, address], stdout=subprocess.PIPE) as still:
            assert still.stdout is not None
            while not select.select([still.stdout], [], [], 0.02)[0]:
                publisher.send([b"t/", b"joined", b""])
            while waiting.poll(200):
                reader.receive()
            still.send_signal(signal.SIGSTOP)
            before = own_bytes(os.getpid())
            for number in range(MESSAGES):
                publisher.send([b"t/", b"%d" % number, bytes(SECTION)])
                assert waiting.poll(WAIT_MS)
                frames = reader.receive()
                assert frames is not None
                assert frames[1] == b"%d" % number
            grown = own_bytes(os.getpid()) - before
            still.kill()
        show("the publisher grew by", grown / MIB, "MiB")
        assert grown < BUDGET + SLACK
        publisher.close()
        reader.close()


@pytest.fixture(scope="module")
def wide_market(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Sections so large that what is missed fits neither the queues nor what the system buffers."""
    folder = tmp_path_factory.mktemp("wide")
    write_small_market(folder / "wide.parquet", symbols=SYMBOLS, days=DAYS)
    return Bench(folder / "wide.parquet", folder)


@pytest.fixture(scope="module")
def unobserved(wide_market: Bench) -> Ran:
    """A run without anybody who stands still."""
    with short_run_dir():
        return wide_market.run(None, wide_market.stamp_of(FIRST), bus={"high_water": 8})


def test_a_stopped_subscriber_comes_back_to_all_it_missed(wide_market: Bench, unobserved: Ran, run_dir: Path) -> None:
    """Stopped early, let go once all is over: the others' run is as ever, and it shows every section once, in order."""
    prepared = wide_market.prepare(wide_market.stamp_of(FIRST), feed={"pace_s": 0.02}, bus={"high_water": 8})
    shown = prepared.config_file.with_name("shown.jsonl")
    with shown.open("wb") as output, Pipeline(prepared.config, prepared.config_file) as pipeline:
        watch = subprocess.Popen([sys.executable, "-m", "alphabus", "watch", "--json", "test"], cwd=ROOT, stdout=output)
        try:
            eventually(lambda: f'"bar": {STOP},' in shown.read_text(encoding="utf-8"), PATIENCE_S)
            watch.send_signal(signal.SIGSTOP)
            eventually(lambda: has_ended(pipeline), PATIENCE_S)
            watch.send_signal(signal.SIGCONT)
            assert watch.wait(PATIENCE_S) == 0
        finally:
            watch.kill()
            watch.wait()
    signals = read_signals(prepared.config.state, list(prepared.config.arms))
    assert digest_signals(signals) == unobserved.digest
    bars = [json.loads(line)["bar"] for line in shown.read_text(encoding="utf-8").splitlines()]
    assert bars == list(range(bars[0], DAYS + 1))
    assert bars[0] <= STOP


def has_ended(pipeline: Pipeline) -> bool:
    """Whether the cache has the end of the stream on record."""
    beat = pipeline.status("signal_cache")
    return beat is not None and bool(beat.counters.get("ended"))
