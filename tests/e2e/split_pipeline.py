"""The pipeline on two hosts and a trading engine on a third, with keys in between, as docs/security.md sets them up."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alphabus.endpoints import SERVICES
from common.config import make_config
from common.key_folder import KeyFolder
from common.replay.preparation import Prepared, write_config
from common.replay.results import read_signals, section_rows
from tests.e2e.harness import Bench, Ran
from tests.e2e.hosts import Host, Network, network

PATIENCE_S = 90.0
FIRST, LAST, CUT = 281, 420, 310
NEAR, FAR = ("bar_feed", "factor_engine"), ("inference_worker", "signal_cache", "monitor")
TRADER = "trader-1"

Line = dict[str, Any]


@dataclass(slots=True)
class Engine:
    """A trading engine on its host: what it told so far."""

    process: subprocess.Popen[bytes]
    lines: list[Line] = field(default_factory=list)
    _rest: bytes = b""

    def until(self, wanted: Callable[[Line], bool]) -> Line:
        """Listen until it says this; fails when it says nothing for long, or ends."""
        while True:
            for line in self._more():
                self.lines.append(line)
                if wanted(line):
                    return line

    def warned(self, since_ns: int) -> float:
        """Seconds until the client said that something is wrong; 0 when it said so already."""
        said = [line["link"] for line in self.lines if "link" in line]
        if said and said[-1] != "current":
            return 0.0
        line = self.until(lambda line: line.get("link", "current") != "current")
        return float(line["at"] - since_ns) / 1e9

    def sections(self) -> list[Line]:
        """The sections it got, in their order."""
        return [line for line in self.lines if "bar" in line]

    def _more(self) -> Iterator[Line]:
        """Line by line: what comes after the one that was waited for is for the next who waits."""
        assert self.process.stdout is not None
        while b"\n" not in self._rest:
            assert select.select([self.process.stdout], [], [], PATIENCE_S)[0], "the engine says nothing"
            found = os.read(self.process.stdout.fileno(), 1 << 16)
            assert found, f"the engine ended: {self.process.wait()}"
            self._rest += found
        line, _, self._rest = self._rest.partition(b"\n")
        yield json.loads(line)


@dataclass(frozen=True, slots=True)
class Site:
    """Feed and engine on `near`, worker, cache and monitor on `far`, the trading engine's `desk`."""

    net: Network
    prepared: Prepared

    def host(self, name: str) -> Host:
        """By its name."""
        return next(host for host in self.net.hosts if host.name == name)

    @property
    def near(self) -> Host:
        """Where bars and factors come from."""
        return self.net.hosts[0]

    @property
    def far(self) -> Host:
        """Where signals come from."""
        return self.net.hosts[1]

    @property
    def desk(self) -> Host:
        """Where they are heard."""
        return self.net.hosts[2]

    def start(self) -> Engine:
        """All of it; bars begin once the engine has its connection, so that it is to get every section."""
        self.far.launch(*FAR)
        engine = Engine(self.desk.run(["-m", "tests.e2e.subscriber", "card"], subprocess.PIPE))
        engine.until(lambda line: line.get("made") == "inference_worker")
        self.near.launch(*NEAR)
        return engine

    def record(self) -> Ran:
        """What the cache has on record, once nobody writes there any more."""
        for host in self.net.hosts:
            host.kill()
        state, arms = self.far.folder / "state", list(self.prepared.config.arms)
        return Ran(self.prepared, None, read_signals(state, arms), section_rows(state, arms))  # type: ignore[arg-type]


@contextmanager
def two_hosts(market: Bench, folder: Path, **tables: Any) -> Iterator[Site]:
    """Three hosts, each with its own folder, configuration and keys, as docs/security.md says."""
    prepared = market.prepare()
    with network(folder, "near", "far", "desk") as net:
        near, far, desk = net.hosts
        tcp = {name: addresses(near if name in NEAR else far, number) for number, name in enumerate(SERVICES)}
        values = prepared.config.model_dump(mode="json", exclude_none=True)
        values |= {"state": "state", "logs": "logs", "registry": "registry"}
        values["bus"] |= {"keys": "keys", "tcp": tcp}
        values["feed"] |= {"pace_s": 0.06, **tables.get("feed", {})}
        values["inference"] |= tables.get("inference", {})
        config = make_config(values, "the test's settings")
        for host, names in ((near, NEAR), (far, FAR)):
            write_config(host.folder, config)
            shutil.copytree(market.folder / "registry", host.folder / "registry")
            hand_out_keys(folder / "keys", host.folder / "keys", names)
        KeyFolder(folder / "keys").card(TRADER, config.bus.tcp.by_service, desk.folder / "card")
        yield Site(net, prepared)


def addresses(host: Host, number: int) -> tuple[str, str]:
    """Of the two ends of a service."""
    return f"tcp://{host.address}:{7001 + 2 * number}", f"tcp://{host.address}:{7002 + 2 * number}"


def hand_out_keys(made: Path, folder: Path, names: tuple[str, ...]) -> None:
    """The allow-list, and the secrets of these alone; all keys are made when the first host gets its own."""
    keys = KeyFolder(made)
    if not made.exists():
        for name in SERVICES:
            keys.make(name, name)
        keys.make(TRADER, "client")
    shutil.copytree(made, folder)
    for name in {*SERVICES, TRADER} - set(names):
        (folder / f"{name}.secret").unlink()
    assert KeyFolder(folder).problems(SERVICES) == []


def bits(ran: Ran) -> Mapping[int, Mapping[str, str]]:
    """The values of every section on record, by bar and symbol."""
    found: dict[int, dict[str, str]] = {}
    for bar, symbol, signal, flag in ran.signals.select("bar", "symbol", "signal", "flag").iter_rows():
        found.setdefault(bar, {}).update({symbol: signal.hex()} if flag == 0 else {})
    return found


def assert_whole(engine: Engine, site: Site, undisturbed: Ran) -> None:
    """The engine got every section once, in order, fresh, with the oracle's bits; so did the record."""
    sections = engine.sections()
    assert [line["bar"] for line in sections] == list(range(FIRST, LAST + 1))
    assert {(line["status"], line["revision"]) for line in sections} == {("fresh", 0)}
    assert {line["bar"]: line["values"] for line in sections} == bits(undisturbed)
    ran = site.record()
    assert ran.missing == []
    assert ran.digest == undisturbed.digest


def recorded(line: Line) -> bool:
    """The last line."""
    return "recorded" in line
